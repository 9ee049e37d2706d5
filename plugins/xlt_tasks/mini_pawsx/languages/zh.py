"""Chinese (simplified): 被 and 受到 passives, 把, 比 comparison, classifiers with the objects."""

from .. import concepts as c
from ..common import realiser, rows, table
from ..scenes import Scene

NP = table(
    c.NAMES,
    """安娜 玛丽亚 朱莉娅 索菲亚 埃琳娜 劳拉 克拉拉 尼娜 伊娃 玛尔塔 保拉 卡拉 黛安娜 伊琳娜
    奥尔加 萨拉 莫妮卡 维多利亚 安吉拉 西尔维娅 特蕾莎 诺拉 艾玛 丽塔
    彼得 托马斯 马丁 丹尼尔 罗伯特 维克托 沃尔特 大卫 西蒙 奥斯卡 安东 费利克斯 亚当 伊万 鲍里斯
    埃里克 马克斯 莱昂 阿尔伯特 加布里埃尔 塞缪尔 斯特凡 阿德里安 埃德加""",
) | {
    # The demonstrative makes the role a known person, also where it is the object.
    role: f"那位{word}"
    for role, word in table(
        c.ROLES,
        """医生 律师 护士 工程师 记者 面包师 农民 园丁 画家 歌手 飞行员 法官 厨师 女演员 作家
        建筑师 牙医 教授 机修工 老师""",
    ).items()
}
CITY = table(
    c.CITIES,
    """巴黎 伦敦 罗马 柏林 马德里 维也纳 里斯本 雅典 莫斯科 华沙 布拉格 布达佩斯 斯德哥尔摩 奥斯陆
    赫尔辛基 都柏林 阿姆斯特丹 伊斯坦布尔 东京 首尔 北京 上海 悉尼 多伦多 芝加哥 波士顿
    巴塞罗那 米兰""",
)
COUNTRY = table(
    c.COUNTRIES,
    """德国 法国 西班牙 意大利 葡萄牙 瑞典 波兰 俄罗斯 土耳其 日本 中国 巴西 阿根廷 墨西哥 埃及
    加拿大 印度 挪威""",
)
# Active before b | passive with {} for a.
ACT = rows(
    c.ACTS,
    """
    雇用了 | 被{}雇用
    表扬了 | 受到了{}的表扬
    批评了 | 受到了{}的批评
    救出了 | 被{}救出
    采访了 | 接受了{}的采访
    欺骗了 | 被{}欺骗了
    支持了 | 得到了{}的支持
    惩罚了 | 受到了{}的惩罚
    """,
)
TRANSFER = {
    "give": ("送给了", "收到了{}送的"),
    "lend": ("借给了", "向{}借了"),
    "sell": ("卖给了", "从{}那里买了"),
}
OBJECT = table(
    c.OBJECTS,
    """一本书 一把吉他 一台相机 一幅画 一辆自行车 一盏灯 一块手表 一枚戒指 一把小提琴 一块地毯
    一个行李箱 一架望远镜 一辆摩托车 一顶帐篷""",
)
SUBJECT = table(c.SUBJECTS, "国际象棋 数学 物理 化学 拉丁语 阿拉伯语 摄影 素描")
STAGE = table(c.STAGES, "决赛 半决赛 四分之一决赛 揭幕战")
GOODS = table(c.GOODS, "小麦 咖啡 钢材 大米 棉花 石油 食糖 羊毛 纸张 茶叶 葡萄酒 铜")
BUILDING = table(
    c.BUILDINGS,
    """博物馆 图书馆 火车站 医院 学校 剧院 市场 酒店 城堡 大教堂 公园 体育场 港口 机场 银行 邮局
    市政厅 大学 工厂 墓地""",
)
ORGANISATION = table(
    c.ORGANISATIONS, "博物馆 大学 医院 剧院 银行 学校 图书馆 管弦乐团 基金会 研究所"
)
DIRECTION = {"north": ("北边", "南边"), "east": ("东边", "西边")}
SEAT = {"left": ("左边", "右边"), "front": ("前面", "后面")}
STAY = {"live": "住在{}", "work": "在{}工作", "study": "在{}学习"}
# Bare | done.
ACTIVITY = rows(
    c.ACTIVITIES,
    """
    洗车 | 洗了车
    看报纸 | 看了报纸
    浇花 | 浇了花
    写信 | 写了信
    粉刷栅栏 | 粉刷了栅栏
    喂猫 | 喂了猫
    修自行车 | 修了自行车
    烤蛋糕 | 烤了蛋糕
    买面包 | 买了面包
    看电影 | 看了电影
    熨衬衫 | 熨了衬衫
    擦窗户 | 擦了窗户
    付账单 | 付了账单
    打扫厨房 | 打扫了厨房
    """,
)


def _act(s: Scene) -> tuple[str, ...]:
    a, b, city = NP[s.a], NP[s.b], CITY[s.city]
    active, passive = ACT[s.verb]
    return (
        f"{a}于{s.year}年在{city}{active}{b}",
        f"{s.year}年，{a}在{city}{active}{b}",
        f"{b}于{s.year}年在{city}{passive.format(a)}",
        f"{s.year}年，{b}在{city}{passive.format(a)}",
    )


def _transfer(s: Scene) -> tuple[str, ...]:
    a, b, thing = NP[s.a], NP[s.b], OBJECT[s.thing]
    gave, got = TRANSFER[s.kind]
    return (
        f"{s.year}年，{a}{gave}{b}{thing}",
        f"{a}于{s.year}年{gave}{b}{thing}",
        f"{b}于{s.year}年{got.format(a)}{thing}",
        f"{s.year}年，{b}{got.format(a)}{thing}",
    )


def _teach(s: Scene) -> tuple[str, ...]:
    a, b, what = NP[s.a], NP[s.b], SUBJECT[s.thing]
    return (
        f"{a}于{s.year}年教{b}{what}",
        f"{s.year}年，{a}教{b}{what}",
        f"{b}于{s.year}年跟{a}学习{what}",
        f"{s.year}年，{b}跟{a}学习{what}",
    )


def _move(s: Scene) -> tuple[str, ...]:
    who, a, b = NP[s.who], CITY[s.a], CITY[s.b]
    return (
        f"{who}于{s.year}年从{a}搬到了{b}",
        f"{s.year}年，{who}从{a}搬到了{b}",
        f"{who}于{s.year}年离开{a}，搬到了{b}",
        f"{s.year}年，{who}离开{a}，搬到了{b}",
    )


def _match(s: Scene) -> tuple[str, ...]:
    a, b, stage = COUNTRY[s.a], COUNTRY[s.b], STAGE[s.thing]
    return (
        f"{a}于{s.year}年在{stage}中击败了{b}",
        f"{s.year}年，{a}在{stage}中击败了{b}",
        f"{b}于{s.year}年在{stage}中输给了{a}",
        f"{s.year}年，{b}在{stage}中输给了{a}",
    )


def _export(s: Scene) -> tuple[str, ...]:
    a, b, thing = COUNTRY[s.a], COUNTRY[s.b], GOODS[s.thing]
    return (
        f"{a}于{s.year}年向{b}出口了{thing}",
        f"{s.year}年，{a}向{b}出口了{thing}",
        f"{b}于{s.year}年从{a}进口了{thing}",
        f"{s.year}年，{b}从{a}进口了{thing}",
    )


def _age(s: Scene) -> tuple[str, ...]:
    a, b = NP[s.a], NP[s.b]
    return (
        f"{a}比{b}大{s.n}岁",
        f"{b}比{a}小{s.n}岁",
        f"{a}比{b}早出生{s.n}年",
        f"{b}比{a}晚出生{s.n}年",
    )


def _height(s: Scene) -> tuple[str, ...]:
    a, b = NP[s.a], NP[s.b]
    return (
        f"{a}比{b}高{s.n}厘米",
        f"{b}比{a}矮{s.n}厘米",
        f"与{b}相比，{a}要高{s.n}厘米",
        f"与{a}相比，{b}要矮{s.n}厘米",
    )


def _arrive(s: Scene) -> tuple[str, ...]:
    a, b, city = NP[s.a], NP[s.b], CITY[s.city]
    return (
        f"{a}比{b}早到达{city}",
        f"{b}比{a}晚到达{city}",
        f"{b}到达{city}时，{a}已经在那里了",
    )


def _visit(s: Scene) -> tuple[str, ...]:
    who, a, b = NP[s.who], CITY[s.a], CITY[s.b]
    return (
        f"{who}于{s.year}年去了{a}，于{s.year2}年去了{b}",
        f"{who}于{s.year2}年去了{b}，于{s.year}年去了{a}",
        f"{s.year}年，{who}去了{a}；{s.year2}年，{who}去了{b}",
        f"{s.year2}年，{who}去了{b}；{s.year}年，{who}去了{a}",
    )


def _place(s: Scene) -> tuple[str, ...]:
    a, b = BUILDING[s.a], BUILDING[s.b]
    north, south = DIRECTION[s.thing]
    return (
        f"{a}在{b}的{north}",
        f"{b}在{a}的{south}",
        f"{b}的{north}是{a}",
        f"{a}的{south}是{b}",
    )


def _seat(s: Scene) -> tuple[str, ...]:
    a, b = NP[s.a], NP[s.b]
    left, right = SEAT[s.thing]
    return (
        f"{a}坐在{b}的{left}",
        f"{b}坐在{a}的{right}",
        f"坐在{b}{left}的是{a}",
        f"坐在{a}{right}的是{b}",
    )


def _routine(s: Scene) -> tuple[str, ...]:
    who = NP[s.who]
    do_a, did_a = ACTIVITY[s.a]
    do_b, did_b = ACTIVITY[s.b]
    return (
        f"{who}在{do_b}之前{did_a}",
        f"在{do_b}之前，{who}{did_a}",
        f"在{do_a}之后，{who}{did_b}",
        f"{who}在{do_a}之后{did_b}",
    )


def _replace(s: Scene) -> tuple[str, ...]:
    a, b, org = NP[s.a], NP[s.b], ORGANISATION[s.thing]
    return (
        f"{s.year}年，{a}接替{b}担任{org}负责人",
        f"{a}于{s.year}年接替{b}担任{org}负责人",
        f"{b}于{s.year}年把{org}负责人的职位交给了{a}",
        f"{s.year}年，{b}把{org}负责人的职位交给了{a}",
    )


def _stay(s: Scene) -> tuple[str, ...]:
    one = f"{NP[s.who]}{STAY[s.verb].format(CITY[s.a])}"
    two = f"{NP[s.other]}{STAY[s.verb].format(CITY[s.b])}"
    return (
        f"{one}，{two}",
        f"{two}，{one}",
        f"{one}，而{two}",
        f"{two}，而{one}",
    )


def _kin(s: Scene) -> tuple[str, ...]:
    a, b = NP[s.a], NP[s.b]
    parent, child = ("母亲", "女儿") if s.a in c.FEMALE else ("父亲", "儿子")
    return (
        f"{a}是{b}的{parent}",
        f"{b}是{a}的{child}",
        f"{b}的{parent}是{a}",
    )


realise = realiser(
    act=_act, transfer=_transfer, teach=_teach, move=_move, match=_match, export=_export,
    age=_age, height=_height, arrive=_arrive, visit=_visit, place=_place, seat=_seat,
    routine=_routine, replace=_replace, stay=_stay, kin=_kin, stop="。",
)  # fmt: skip
