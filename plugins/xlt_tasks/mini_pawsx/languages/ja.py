"""Japanese: the particles は, が, を, に and から carry the roles; the verb comes last."""

from .. import concepts as c
from ..common import realiser, rows, table
from ..scenes import Scene

NP = table(
    c.NAMES,
    """アンナ マリア ユリア ソフィア エレナ ラウラ クララ ニーナ エヴァ マルタ パウラ カルラ
    ディアナ イリーナ オルガ サラ モニカ ヴィクトリア アンジェラ シルヴィア テレサ ノラ エマ リタ
    ピーター トーマス マーティン ダニエル ロバート ヴィクター ウォルター デイヴィッド サイモン
    オスカー アントン フェリックス アダム イワン ボリス エリック マックス レオン アルバート
    ガブリエル サミュエル ステファン エイドリアン エドガー""",
) | table(
    c.ROLES,
    """医者 弁護士 看護師 技師 記者 パン職人 農夫 庭師 画家 歌手 パイロット 裁判官 料理人 女優
    作家 建築家 歯科医 教授 整備士 教師""",
)
CITY = table(
    c.CITIES,
    """パリ ロンドン ローマ ベルリン マドリード ウィーン リスボン アテネ モスクワ ワルシャワ
    プラハ ブダペスト ストックホルム オスロ ヘルシンキ ダブリン アムステルダム イスタンブール 東京
    ソウル 北京 上海 シドニー トロント シカゴ ボストン バルセロナ ミラノ""",
)
COUNTRY = table(
    c.COUNTRIES,
    """ドイツ フランス スペイン イタリア ポルトガル スウェーデン ポーランド ロシア トルコ 日本
    中国 ブラジル アルゼンチン メキシコ エジプト カナダ インド ノルウェー""",
)
# Active with the particle of its object | passive.
ACT = rows(
    c.ACTS,
    """
    を雇った | 雇われた
    を褒めた | 褒められた
    を批判した | 批判された
    を救助した | 救助された
    にインタビューした | インタビューされた
    をだました | だまされた
    を支援した | 支援された
    を罰した | 罰せられた
    """,
)
TRANSFER = {
    "give": ("贈った", "贈られた"),
    "lend": ("貸した", "借りた"),
    "sell": ("売った", "買った"),
}
OBJECT = table(
    c.OBJECTS,
    """本 ギター カメラ 絵 自転車 ランプ 腕時計 指輪 バイオリン じゅうたん スーツケース 望遠鏡
    バイク テント""",
)
SUBJECT = table(c.SUBJECTS, "チェス 数学 物理 化学 ラテン語 アラビア語 写真 デッサン")
STAGE = table(c.STAGES, "決勝 準決勝 準々決勝 開幕戦")
GOODS = table(c.GOODS, "小麦 コーヒー 鉄鋼 米 綿花 石油 砂糖 羊毛 紙 お茶 ワイン 銅")
BUILDING = table(
    c.BUILDINGS,
    """博物館 図書館 駅 病院 学校 劇場 市場 ホテル 城 大聖堂 公園 競技場 港 空港 銀行 郵便局
    市役所 大学 工場 墓地""",
)
ORGANISATION = table(
    c.ORGANISATIONS, "博物館 大学 病院 劇場 銀行 学校 図書館 オーケストラ 財団 研究所"
)
DIRECTION = {"north": ("北", "南"), "east": ("東", "西")}
SEAT = {"left": ("左", "右"), "front": ("前", "後ろ")}
# Particle of the place, linking form | particle, plain form.
STAY = {
    "live": ("に住んでいて", "に住んでいる"),
    "work": ("で働いていて", "で働いている"),
    "study": ("で勉強していて", "で勉強している"),
}
# Plain non-past | plain past.
ACTIVITY = rows(
    c.ACTIVITIES,
    """
    車を洗う | 車を洗った
    新聞を読む | 新聞を読んだ
    花に水をやる | 花に水をやった
    手紙を書く | 手紙を書いた
    柵にペンキを塗る | 柵にペンキを塗った
    猫に餌をやる | 猫に餌をやった
    自転車を修理する | 自転車を修理した
    ケーキを焼く | ケーキを焼いた
    パンを買う | パンを買った
    映画を見る | 映画を見た
    シャツにアイロンをかける | シャツにアイロンをかけた
    窓を拭く | 窓を拭いた
    料金を支払う | 料金を支払った
    台所を掃除する | 台所を掃除した
    """,
)


def _act(s: Scene) -> tuple[str, ...]:
    a, b, city = NP[s.a], NP[s.b], CITY[s.city]
    active, passive = ACT[s.verb]
    return (
        f"{a}は{s.year}年に{city}で{b}{active}",
        f"{s.year}年、{a}は{city}で{b}{active}",
        f"{b}は{s.year}年に{city}で{a}に{passive}",
        f"{s.year}年、{b}は{city}で{a}に{passive}",
    )


def _transfer(s: Scene) -> tuple[str, ...]:
    a, b, thing = NP[s.a], NP[s.b], OBJECT[s.thing]
    gave, got = TRANSFER[s.kind]
    return (
        f"{s.year}年、{a}は{b}に{thing}を{gave}",
        f"{a}は{s.year}年に{b}に{thing}を{gave}",
        f"{b}は{s.year}年に{a}から{thing}を{got}",
        f"{s.year}年、{b}は{a}から{thing}を{got}",
    )


def _teach(s: Scene) -> tuple[str, ...]:
    a, b, what = NP[s.a], NP[s.b], SUBJECT[s.thing]
    return (
        f"{a}は{s.year}年に{b}に{what}を教えた",
        f"{s.year}年、{a}は{b}に{what}を教えた",
        f"{b}は{s.year}年に{a}から{what}を教わった",
        f"{s.year}年、{b}は{a}から{what}を教わった",
    )


def _move(s: Scene) -> tuple[str, ...]:
    who, a, b = NP[s.who], CITY[s.a], CITY[s.b]
    return (
        f"{who}は{s.year}年に{a}から{b}へ引っ越した",
        f"{s.year}年、{who}は{a}から{b}へ引っ越した",
        f"{who}は{s.year}年に{a}を離れ、{b}へ引っ越した",
        f"{s.year}年、{who}は{a}を離れ、{b}へ引っ越した",
    )


def _match(s: Scene) -> tuple[str, ...]:
    a, b, stage = COUNTRY[s.a], COUNTRY[s.b], STAGE[s.thing]
    return (
        f"{a}は{s.year}年に{stage}で{b}を破った",
        f"{s.year}年、{a}は{stage}で{b}を破った",
        f"{b}は{s.year}年に{stage}で{a}に敗れた",
        f"{s.year}年、{b}は{stage}で{a}に敗れた",
    )


def _export(s: Scene) -> tuple[str, ...]:
    a, b, thing = COUNTRY[s.a], COUNTRY[s.b], GOODS[s.thing]
    return (
        f"{a}は{s.year}年に{b}へ{thing}を輸出した",
        f"{s.year}年、{a}は{b}へ{thing}を輸出した",
        f"{b}は{s.year}年に{a}から{thing}を輸入した",
        f"{s.year}年、{b}は{a}から{thing}を輸入した",
    )


def _age(s: Scene) -> tuple[str, ...]:
    a, b = NP[s.a], NP[s.b]
    return (
        f"{a}は{b}より{s.n}歳年上だ",
        f"{b}は{a}より{s.n}歳年下だ",
        f"{a}は{b}より{s.n}年早く生まれた",
        f"{b}は{a}より{s.n}年遅く生まれた",
    )


def _height(s: Scene) -> tuple[str, ...]:
    a, b = NP[s.a], NP[s.b]
    return (
        f"{a}は{b}より{s.n}センチ背が高い",
        f"{b}は{a}より{s.n}センチ背が低い",
        f"{b}と比べると、{a}は{s.n}センチ背が高い",
        f"{a}と比べると、{b}は{s.n}センチ背が低い",
    )


def _arrive(s: Scene) -> tuple[str, ...]:
    a, b, city = NP[s.a], NP[s.b], CITY[s.city]
    return (
        f"{a}は{b}より先に{city}に着いた",
        f"{b}は{a}より後に{city}に着いた",
        f"{b}が{city}に着いたとき、{a}はすでにそこにいた",
    )


def _visit(s: Scene) -> tuple[str, ...]:
    who, a, b = NP[s.who], CITY[s.a], CITY[s.b]
    return (
        f"{who}は{s.year}年に{a}を、{s.year2}年に{b}を訪れた",
        f"{who}は{s.year2}年に{b}を、{s.year}年に{a}を訪れた",
        f"{who}が{a}を訪れたのは{s.year}年で、{b}を訪れたのは{s.year2}年だ",
        f"{who}が{b}を訪れたのは{s.year2}年で、{a}を訪れたのは{s.year}年だ",
    )


def _place(s: Scene) -> tuple[str, ...]:
    a, b = BUILDING[s.a], BUILDING[s.b]
    north, south = DIRECTION[s.thing]
    return (
        f"{a}は{b}の{north}にある",
        f"{b}は{a}の{south}にある",
        f"{b}の{north}には{a}がある",
        f"{a}の{south}には{b}がある",
    )


def _seat(s: Scene) -> tuple[str, ...]:
    a, b = NP[s.a], NP[s.b]
    left, right = SEAT[s.thing]
    return (
        f"{a}は{b}の{left}に座っていた",
        f"{b}は{a}の{right}に座っていた",
        f"{b}の{left}に座っていたのは{a}だ",
        f"{a}の{right}に座っていたのは{b}だ",
    )


def _routine(s: Scene) -> tuple[str, ...]:
    who, did_a = NP[s.who], ACTIVITY[s.a][1]
    do_b, did_b = ACTIVITY[s.b]
    return (
        f"{who}は{do_b}前に{did_a}",
        f"{do_b}前に、{who}は{did_a}",
        f"{did_a}後に、{who}は{did_b}",
        f"{who}は{did_a}後に{did_b}",
    )


def _replace(s: Scene) -> tuple[str, ...]:
    a, b, org = NP[s.a], NP[s.b], ORGANISATION[s.thing]
    return (
        f"{s.year}年、{a}は{b}に代わって{org}の責任者になった",
        f"{a}は{s.year}年に{b}に代わって{org}の責任者になった",
        f"{b}は{s.year}年に{org}の責任者の座を{a}に譲った",
        f"{s.year}年、{b}は{org}の責任者の座を{a}に譲った",
    )


def _stay(s: Scene) -> tuple[str, ...]:
    who, other, a, b = NP[s.who], NP[s.other], CITY[s.a], CITY[s.b]
    linking, plain = STAY[s.verb]
    return (
        f"{who}は{a}{linking}、{other}は{b}{plain}",
        f"{other}は{b}{linking}、{who}は{a}{plain}",
        f"{who}が{a}{plain}一方で、{other}は{b}{plain}",
        f"{other}が{b}{plain}一方で、{who}は{a}{plain}",
    )


def _kin(s: Scene) -> tuple[str, ...]:
    a, b = NP[s.a], NP[s.b]
    parent, child = ("母親", "娘") if s.a in c.FEMALE else ("父親", "息子")
    return (
        f"{a}は{b}の{parent}だ",
        f"{b}は{a}の{child}だ",
        f"{b}の{parent}は{a}だ",
    )


realise = realiser(
    act=_act, transfer=_transfer, teach=_teach, move=_move, match=_match, export=_export,
    age=_age, height=_height, arrive=_arrive, visit=_visit, place=_place, seat=_seat,
    routine=_routine, replace=_replace, stay=_stay, kin=_kin, stop="。",
)  # fmt: skip
