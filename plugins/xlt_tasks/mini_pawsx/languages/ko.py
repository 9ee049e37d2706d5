"""Korean: the form of each particle follows the final consonant; the verb comes last."""

from functools import cache

from .. import concepts as c
from ..common import realiser, rows, table
from ..scenes import Scene

NP = table(
    c.NAMES,
    """안나 마리아 율리아 소피아 엘레나 라우라 클라라 니나 에바 마르타 파울라 카를라 디아나 이리나
    올가 사라 모니카 빅토리아 앤젤라 실비아 테레사 노라 에마 리타
    피터 토머스 마틴 대니얼 로버트 빅터 월터 데이비드 사이먼 오스카 안톤 펠릭스 애덤 이반 보리스
    에릭 맥스 레온 앨버트 가브리엘 새뮤얼 스테판 에이드리언 에드거""",
) | table(
    c.ROLES,
    """의사 변호사 간호사 기술자 기자 제빵사 농부 정원사 화가 가수 조종사 판사 요리사 여배우 작가
    건축가 치과의사 교수 정비사 교사""",
)
CITY = table(
    c.CITIES,
    """파리 런던 로마 베를린 마드리드 빈 리스본 아테네 모스크바 바르샤바 프라하 부다페스트
    스톡홀름 오슬로 헬싱키 더블린 암스테르담 이스탄불 도쿄 서울 베이징 상하이 시드니 토론토 시카고
    보스턴 바르셀로나 밀라노""",
)
COUNTRY = table(
    c.COUNTRIES,
    """독일 프랑스 스페인 이탈리아 포르투갈 스웨덴 폴란드 러시아 튀르키예 일본 중국 브라질
    아르헨티나 멕시코 이집트 캐나다 인도 노르웨이""",
)
# Active | passive after "a" with its particle.
ACT = rows(
    c.ACTS,
    """
    고용했다 | 에게 고용되었다
    칭찬했다 | 에게 칭찬을 받았다
    비판했다 | 에게 비판을 받았다
    구조했다 | 에게 구조되었다
    인터뷰했다 | 의 인터뷰에 응했다
    속였다 | 에게 속았다
    지지했다 | 의 지지를 받았다
    처벌했다 | 에게 처벌을 받았다
    """,
)
TRANSFER = {
    "give": ("선물했다", "선물받았다"),
    "lend": ("빌려주었다", "빌렸다"),
    "sell": ("팔았다", "샀다"),
}
OBJECT = table(
    c.OBJECTS,
    """책|기타|카메라|그림|자전거|램프|손목시계|반지|바이올린|양탄자|여행 가방|망원경|오토바이|
    텐트""",
)
SUBJECT = table(c.SUBJECTS, "체스 수학 물리학 화학 라틴어 아랍어 사진 소묘")
STAGE = table(c.STAGES, "결승전 준결승전 준준결승전 개막전")
GOODS = table(c.GOODS, "밀 커피 철강 쌀 면화 석유 설탕 양모 종이 차 와인 구리")
BUILDING = table(
    c.BUILDINGS,
    """박물관 도서관 기차역 병원 학교 극장 시장 호텔 성 대성당 공원 경기장 항구 공항 은행 우체국
    시청 대학교 공장 공동묘지""",
)
ORGANISATION = table(
    c.ORGANISATIONS, "박물관 대학교 병원 극장 은행 학교 도서관 오케스트라 재단 연구소"
)
DIRECTION = {"north": ("북쪽", "남쪽"), "east": ("동쪽", "서쪽")}
SEAT = {"left": ("왼쪽", "오른쪽"), "front": ("앞", "뒤")}
# Particle of the place with the stem | linking, plain and adnominal ending.
STAY = {
    "live": ("에 살고", "에 산다", "에 사는"),
    "work": ("에서 일하고", "에서 일한다", "에서 일하는"),
    "study": ("에서 공부하고", "에서 공부한다", "에서 공부하는"),
}
# Before | after | past.
ACTIVITY = rows(
    c.ACTIVITIES,
    """
    세차를 하기 | 세차를 한 | 세차를 했다
    신문을 읽기 | 신문을 읽은 | 신문을 읽었다
    꽃에 물을 주기 | 꽃에 물을 준 | 꽃에 물을 주었다
    편지를 쓰기 | 편지를 쓴 | 편지를 썼다
    울타리를 칠하기 | 울타리를 칠한 | 울타리를 칠했다
    고양이에게 먹이를 주기 | 고양이에게 먹이를 준 | 고양이에게 먹이를 주었다
    자전거를 수리하기 | 자전거를 수리한 | 자전거를 수리했다
    케이크를 굽기 | 케이크를 구운 | 케이크를 구웠다
    빵을 사기 | 빵을 산 | 빵을 샀다
    영화를 보기 | 영화를 본 | 영화를 보았다
    셔츠를 다리기 | 셔츠를 다린 | 셔츠를 다렸다
    창문을 닦기 | 창문을 닦은 | 창문을 닦았다
    요금을 내기 | 요금을 낸 | 요금을 냈다
    부엌을 청소하기 | 부엌을 청소한 | 부엌을 청소했다
    """,
)
# After a final consonant | after a vowel.
_PARTICLES = {
    "topic": ("은", "는"),
    "subject": ("이", "가"),
    "object": ("을", "를"),
    "with": ("과", "와"),
    "to": ("으로", "로"),
}
_RIEUL = 8


@cache
def _p(word: str, particle: str) -> str:
    # A Hangul syllable's code counts its final consonant in steps of 28; 0 is none.
    final = (ord(word[-1]) - ord("가")) % 28
    closed = final != 0 and not (particle == "to" and final == _RIEUL)
    return word + _PARTICLES[particle][0 if closed else 1]


def _act(s: Scene) -> tuple[str, ...]:
    a, b, city = NP[s.a], NP[s.b], CITY[s.city]
    active, passive = ACT[s.verb]
    return (
        f"{_p(a, 'topic')} {s.year}년에 {city}에서 {_p(b, 'object')} {active}",
        f"{s.year}년에 {_p(a, 'topic')} {city}에서 {_p(b, 'object')} {active}",
        f"{_p(b, 'topic')} {s.year}년에 {city}에서 {a}{passive}",
        f"{s.year}년에 {_p(b, 'topic')} {city}에서 {a}{passive}",
    )


def _transfer(s: Scene) -> tuple[str, ...]:
    a, b, thing = NP[s.a], NP[s.b], _p(OBJECT[s.thing], "object")
    gave, got = TRANSFER[s.kind]
    return (
        f"{s.year}년에 {_p(a, 'topic')} {b}에게 {thing} {gave}",
        f"{_p(a, 'topic')} {s.year}년에 {b}에게 {thing} {gave}",
        f"{_p(b, 'topic')} {s.year}년에 {a}에게서 {thing} {got}",
        f"{s.year}년에 {_p(b, 'topic')} {a}에게서 {thing} {got}",
    )


def _teach(s: Scene) -> tuple[str, ...]:
    a, b, what = NP[s.a], NP[s.b], _p(SUBJECT[s.thing], "object")
    return (
        f"{_p(a, 'topic')} {s.year}년에 {b}에게 {what} 가르쳤다",
        f"{s.year}년에 {_p(a, 'topic')} {b}에게 {what} 가르쳤다",
        f"{_p(b, 'topic')} {s.year}년에 {a}에게서 {what} 배웠다",
        f"{s.year}년에 {_p(b, 'topic')} {a}에게서 {what} 배웠다",
    )


def _move(s: Scene) -> tuple[str, ...]:
    who, a, b = _p(NP[s.who], "topic"), CITY[s.a], CITY[s.b]
    return (
        f"{who} {s.year}년에 {a}에서 {_p(b, 'to')} 이사했다",
        f"{s.year}년에 {who} {a}에서 {_p(b, 'to')} 이사했다",
        f"{who} {s.year}년에 {_p(a, 'object')} 떠나 {_p(b, 'to')} 이사했다",
        f"{s.year}년에 {who} {_p(a, 'object')} 떠나 {_p(b, 'to')} 이사했다",
    )


def _match(s: Scene) -> tuple[str, ...]:
    a, b, stage = COUNTRY[s.a], COUNTRY[s.b], STAGE[s.thing]
    return (
        f"{_p(a, 'topic')} {s.year}년 {stage}에서 {_p(b, 'object')} 이겼다",
        f"{s.year}년에 {_p(a, 'topic')} {stage}에서 {_p(b, 'object')} 이겼다",
        f"{_p(b, 'topic')} {s.year}년 {stage}에서 {a}에 졌다",
        f"{s.year}년에 {_p(b, 'topic')} {stage}에서 {a}에 졌다",
    )


def _export(s: Scene) -> tuple[str, ...]:
    a, b, thing = COUNTRY[s.a], COUNTRY[s.b], _p(GOODS[s.thing], "object")
    return (
        f"{_p(a, 'topic')} {s.year}년에 {b}에 {thing} 수출했다",
        f"{s.year}년에 {_p(a, 'topic')} {b}에 {thing} 수출했다",
        f"{_p(b, 'topic')} {s.year}년에 {a}에서 {thing} 수입했다",
        f"{s.year}년에 {_p(b, 'topic')} {a}에서 {thing} 수입했다",
    )


def _age(s: Scene) -> tuple[str, ...]:
    a, b = NP[s.a], NP[s.b]
    return (
        f"{_p(a, 'topic')} {b}보다 {s.n}살 많다",
        f"{_p(b, 'topic')} {a}보다 {s.n}살 어리다",
        f"{_p(a, 'topic')} {b}보다 {s.n}년 먼저 태어났다",
        f"{_p(b, 'topic')} {a}보다 {s.n}년 늦게 태어났다",
    )


def _height(s: Scene) -> tuple[str, ...]:
    a, b = NP[s.a], NP[s.b]
    return (
        f"{_p(a, 'topic')} {b}보다 키가 {s.n}센티미터 더 크다",
        f"{_p(b, 'topic')} {a}보다 키가 {s.n}센티미터 더 작다",
        f"{_p(b, 'with')} 비교하면 {_p(a, 'topic')} 키가 {s.n}센티미터 더 크다",
        f"{_p(a, 'with')} 비교하면 {_p(b, 'topic')} 키가 {s.n}센티미터 더 작다",
    )


def _arrive(s: Scene) -> tuple[str, ...]:
    a, b, city = NP[s.a], NP[s.b], CITY[s.city]
    return (
        f"{_p(a, 'topic')} {b}보다 먼저 {city}에 도착했다",
        f"{_p(b, 'topic')} {a}보다 늦게 {city}에 도착했다",
        f"{_p(b, 'subject')} {city}에 도착했을 때 {_p(a, 'topic')} 이미 그곳에 있었다",
    )


def _visit(s: Scene) -> tuple[str, ...]:
    who, a, b = NP[s.who], _p(CITY[s.a], "object"), _p(CITY[s.b], "object")
    subject, topic = _p(who, "subject"), _p(who, "topic")
    return (
        f"{topic} {s.year}년에 {a}, {s.year2}년에 {b} 방문했다",
        f"{topic} {s.year2}년에 {b}, {s.year}년에 {a} 방문했다",
        f"{subject} {a} 방문한 것은 {s.year}년이고 {b} 방문한 것은 {s.year2}년이다",
        f"{subject} {b} 방문한 것은 {s.year2}년이고 {a} 방문한 것은 {s.year}년이다",
    )


def _place(s: Scene) -> tuple[str, ...]:
    a, b = BUILDING[s.a], BUILDING[s.b]
    north, south = DIRECTION[s.thing]
    return (
        f"{_p(a, 'topic')} {b} {north}에 있다",
        f"{_p(b, 'topic')} {a} {south}에 있다",
        f"{b} {north}에는 {_p(a, 'subject')} 있다",
        f"{a} {south}에는 {_p(b, 'subject')} 있다",
    )


def _seat(s: Scene) -> tuple[str, ...]:
    a, b = NP[s.a], NP[s.b]
    left, right = SEAT[s.thing]
    return (
        f"{_p(a, 'topic')} {b}의 {left}에 앉아 있었다",
        f"{_p(b, 'topic')} {a}의 {right}에 앉아 있었다",
        f"{b}의 {left}에는 {_p(a, 'subject')} 앉아 있었다",
        f"{a}의 {right}에는 {_p(b, 'subject')} 앉아 있었다",
    )


def _routine(s: Scene) -> tuple[str, ...]:
    who = _p(NP[s.who], "topic")
    _, after_a, did_a = ACTIVITY[s.a]
    before_b, _, did_b = ACTIVITY[s.b]
    return (
        f"{who} {before_b} 전에 {did_a}",
        f"{before_b} 전에 {who} {did_a}",
        f"{after_a} 후에 {who} {did_b}",
        f"{who} {after_a} 후에 {did_b}",
    )


def _replace(s: Scene) -> tuple[str, ...]:
    a, b, post = NP[s.a], NP[s.b], f"{ORGANISATION[s.thing]} 책임자"
    return (
        f"{s.year}년에 {_p(a, 'topic')} {b}의 뒤를 이어 {post}가 되었다",
        f"{_p(a, 'topic')} {s.year}년에 {b}의 뒤를 이어 {post}가 되었다",
        f"{_p(b, 'topic')} {s.year}년에 {post} 자리를 {a}에게 넘겨주었다",
        f"{s.year}년에 {_p(b, 'topic')} {post} 자리를 {a}에게 넘겨주었다",
    )


def _stay(s: Scene) -> tuple[str, ...]:
    who, other, a, b = NP[s.who], NP[s.other], CITY[s.a], CITY[s.b]
    linking, plain, adnominal = STAY[s.verb]
    return (
        f"{_p(who, 'topic')} {a}{linking} {_p(other, 'topic')} {b}{plain}",
        f"{_p(other, 'topic')} {b}{linking} {_p(who, 'topic')} {a}{plain}",
        f"{_p(who, 'subject')} {a}{adnominal} 반면 {_p(other, 'topic')} {b}{plain}",
        f"{_p(other, 'subject')} {b}{adnominal} 반면 {_p(who, 'topic')} {a}{plain}",
    )


def _kin(s: Scene) -> tuple[str, ...]:
    a, b = NP[s.a], NP[s.b]
    parent, child = ("어머니", "딸") if s.a in c.FEMALE else ("아버지", "아들")
    return (
        f"{_p(a, 'topic')} {b}의 {parent}이다",
        f"{_p(b, 'topic')} {a}의 {child}이다",
        f"{b}의 {_p(parent, 'topic')} {a}이다",
    )


realise = realiser(
    act=_act, transfer=_transfer, teach=_teach, move=_move, match=_match, export=_export,
    age=_age, height=_height, arrive=_arrive, visit=_visit, place=_place, seat=_seat,
    routine=_routine, replace=_replace, stay=_stay, kin=_kin,
)  # fmt: skip
