"""Sentences written by hand, as a speaker would say them, against what the grammars produce."""

import pytest

from xlt_tasks.mini_pawsx import LANGUAGES, realise
from xlt_tasks.mini_pawsx.scenes import Scene, swapped

# Each scene with a form; every language below says them in this order.
SCENES = (
    (Scene("act", "doctor", "Anna", verb="hire", city="Athens", year=1998), 2),
    (Scene("lend", "lawyer", "judge", thing="guitar", year=1985), 3),
    (Scene("export", "Egypt", "France", thing="steel", year=2004), 0),
    (Scene("height", "Irina", "Stefan", n=3), 3),
    (Scene("place", "airport", "hotel", thing="east"), 2),
    (Scene("seat", "Olga", "Felix", thing="front"), 1),
    (Scene("routine", "write_letter", "bake_cake", who="Nina"), 2),
    (Scene("replace", "Thomas", "Laura", thing="university", year=1971), 2),
    (Scene("stay", "Vienna", "Seoul", verb="work", who="Elena", other="Ivan"), 1),
    (Scene("kin", "Max", "Robert"), 2),
    (Scene("move", "Oslo", "Istanbul", who="Angela", year=1960), 2),
    (Scene("act", "actress", "pilot", verb="rescue", city="Moscow", year=2010), 1),
)
EXPECTED = {
    "en": """
        Anna was hired by the doctor in Athens in 1998.
        In 1985, the judge borrowed a guitar from the lawyer.
        Egypt exported steel to France in 2004.
        Compared with Irina, Stefan is 3 centimetres shorter.
        East of the hotel is the airport.
        Felix sat behind Olga.
        After writing a letter, Nina baked a cake.
        Laura was replaced by Thomas as head of the university in 1971.
        Ivan works in Seoul and Elena works in Vienna.
        The father of Robert is Max.
        Angela left Oslo in 1960 and moved to Istanbul.
        In 2010, the actress rescued the pilot in Moscow.
        """,
    "de": """
        Anna wurde im Jahr 1998 in Athen vom Arzt engagiert.
        Im Jahr 1985 lieh sich der Richter vom Anwalt eine Gitarre.
        Ägypten exportierte im Jahr 2004 Stahl nach Frankreich.
        Im Vergleich zu Irina ist Stefan 3 Zentimeter kleiner.
        Östlich des Hotels liegt der Flughafen.
        Felix saß hinter Olga.
        Nachdem Nina einen Brief geschrieben hatte, backte sie einen Kuchen.
        Laura wurde im Jahr 1971 von Thomas an der Spitze der Universität abgelöst.
        Ivan arbeitet in Seoul und Elena arbeitet in Wien.
        Der Vater von Robert ist Max.
        Angela verließ Oslo im Jahr 1960 und zog nach Istanbul.
        Im Jahr 2010 rettete die Schauspielerin den Piloten in Moskau.
        """,
    "es": """
        Anna fue contratada por el médico en Atenas en 1998.
        En 1985, el juez tomó prestada una guitarra del abogado.
        Egipto exportó acero a Francia en 2004.
        En comparación con Irina, Stefan mide 3 centímetros menos.
        Al este del hotel está el aeropuerto.
        Felix estaba sentado detrás de Olga.
        Después de escribir una carta, Nina horneó un pastel.
        Laura fue sustituida por Thomas al frente de la universidad en 1971.
        Ivan trabaja en Seúl y Elena trabaja en Viena.
        El padre de Robert es Max.
        Angela dejó Oslo en 1960 y se mudó a Estambul.
        En 2010, la actriz rescató al piloto en Moscú.
        """,
    "fr": """
        Anna a été engagée par le médecin à Athènes en 1998.
        En 1985, le juge a emprunté une guitare à l'avocat.
        L'Égypte a exporté de l'acier vers la France en 2004.
        Par rapport à Irina, Stefan mesure 3 centimètres de moins.
        À l'est de l'hôtel se trouve l'aéroport.
        Felix était assis derrière Olga.
        Après avoir écrit une lettre, Nina a préparé un gâteau.
        Laura a été remplacée par Thomas à la tête de l'université en 1971.
        Ivan travaille à Séoul et Elena travaille à Vienne.
        Le père de Robert est Max.
        Angela a quitté Oslo en 1960 pour s'installer à Istanbul.
        En 2010, l'actrice a secouru le pilote à Moscou.
        """,
    "ja": """
        アンナは1998年にアテネで医者に雇われた。
        1985年、裁判官は弁護士からギターを借りた。
        エジプトは2004年にフランスへ鉄鋼を輸出した。
        イリーナと比べると、ステファンは3センチ背が低い。
        ホテルの東には空港がある。
        フェリックスはオルガの後ろに座っていた。
        手紙を書いた後に、ニーナはケーキを焼いた。
        ラウラは1971年に大学の責任者の座をトーマスに譲った。
        イワンはソウルで働いていて、エレナはウィーンで働いている。
        ロバートの父親はマックスだ。
        アンジェラは1960年にオスロを離れ、イスタンブールへ引っ越した。
        2010年、女優はモスクワでパイロットを救助した。
        """,
    "ko": """
        안나는 1998년에 아테네에서 의사에게 고용되었다.
        1985년에 판사는 변호사에게서 기타를 빌렸다.
        이집트는 2004년에 프랑스에 철강을 수출했다.
        이리나와 비교하면 스테판은 키가 3센티미터 더 작다.
        호텔 동쪽에는 공항이 있다.
        펠릭스는 올가의 뒤에 앉아 있었다.
        편지를 쓴 후에 니나는 케이크를 구웠다.
        라우라는 1971년에 대학교 책임자 자리를 토머스에게 넘겨주었다.
        이반은 서울에서 일하고 엘레나는 빈에서 일한다.
        로버트의 아버지는 맥스이다.
        앤젤라는 1960년에 오슬로를 떠나 이스탄불로 이사했다.
        2010년에 여배우는 모스크바에서 조종사를 구조했다.
        """,
    "zh": """
        安娜于1998年在雅典被那位医生雇用。
        1985年，那位法官向那位律师借了一把吉他。
        埃及于2004年向法国出口了钢材。
        与伊琳娜相比，斯特凡要矮3厘米。
        酒店的东边是机场。
        费利克斯坐在奥尔加的后面。
        在写信之后，尼娜烤了蛋糕。
        劳拉于1971年把大学负责人的职位交给了托马斯。
        伊万在首尔工作，埃琳娜在维也纳工作。
        罗伯特的父亲是马克斯。
        安吉拉于1960年离开奥斯陆，搬到了伊斯坦布尔。
        2010年，那位女演员在莫斯科救出了那位飞行员。
        """,
    "id": """
        Anna dipekerjakan oleh dokter itu di Athena pada tahun 1998.
        Pada tahun 1985, hakim itu meminjam sebuah gitar dari pengacara itu.
        Mesir mengekspor baja ke Prancis pada tahun 2004.
        Dibandingkan dengan Irina, Stefan 3 sentimeter lebih pendek.
        Di sebelah timur hotel terletak bandara.
        Felix duduk di belakang Olga.
        Setelah menulis surat, Nina memanggang kue.
        Laura digantikan oleh Thomas sebagai pemimpin universitas pada tahun 1971.
        Ivan bekerja di Seoul dan Elena bekerja di Wina.
        Ayah dari Robert adalah Max.
        Angela meninggalkan Oslo pada tahun 1960 dan pindah ke Istanbul.
        Pada tahun 2010, aktris itu menyelamatkan pilot itu di Moskwa.
        """,
    "it": """
        Anna è stata assunta dal medico ad Atene nel 1998.
        Nel 1985 il giudice ha preso in prestito una chitarra dall'avvocato.
        L'Egitto ha esportato acciaio in Francia nel 2004.
        Rispetto a Irina, Stefan è più basso di 3 centimetri.
        A est dell'albergo si trova l'aeroporto.
        Felix era seduto dietro a Olga.
        Dopo aver scritto una lettera, Nina ha preparato una torta.
        Laura è stata sostituita da Thomas alla guida dell'università nel 1971.
        Ivan lavora a Seul ed Elena lavora a Vienna.
        Il padre di Robert è Max.
        Angela ha lasciato Oslo nel 1960 e si è trasferita a Istanbul.
        Nel 2010 l'attrice ha salvato il pilota a Mosca.
        """,
    "nl": """
        Anna werd in 1998 in Athene door de arts in dienst genomen.
        In 1985 leende de rechter een gitaar van de advocaat.
        Egypte exporteerde in 2004 staal naar Frankrijk.
        Vergeleken met Irina is Stefan 3 centimeter korter.
        Ten oosten van het hotel ligt de luchthaven.
        Felix zat achter Olga.
        Nadat Nina een brief had geschreven, bakte ze een taart.
        Laura werd in 1971 door Thomas vervangen als hoofd van de universiteit.
        Ivan werkt in Seoel en Elena werkt in Wenen.
        De vader van Robert is Max.
        Angela verliet Oslo in 1960 en verhuisde naar Istanbul.
        In 2010 redde de actrice de piloot in Moskou.
        """,
    "pt": """
        Anna foi contratada pelo médico em Atenas em 1998.
        Em 1985, o juiz pegou uma guitarra emprestada do advogado.
        O Egito exportou aço para a França em 2004.
        Em comparação com Irina, Stefan é 3 centímetros mais baixo.
        A leste do hotel fica o aeroporto.
        Felix estava sentado atrás de Olga.
        Depois de escrever uma carta, Nina assou um bolo.
        Laura foi substituída por Thomas à frente da universidade em 1971.
        Ivan trabalha em Seul e Elena trabalha em Viena.
        O pai de Robert é Max.
        Angela deixou Oslo em 1960 e se mudou para Istambul.
        Em 2010, a atriz resgatou o piloto em Moscou.
        """,
    "ru": """
        Анну в Афинах в 1998 году нанял врач.
        В 1985 году судья одолжил гитару у адвоката.
        Египет экспортировал сталь во Францию в 2004 году.
        По сравнению с Ириной Стефан на 3 сантиметра ниже.
        К востоку от гостиницы находится аэропорт.
        Феликс сидел позади Ольги.
        После того как Нина написала письмо, она испекла пирог.
        Лауру на посту руководителя университета в 1971 году сменил Томас.
        Иван работает в Сеуле, а Елена работает в Вене.
        Отец Роберта — Макс.
        Анджела уехала из Осло в 1960 году и поселилась в Стамбуле.
        В 2010 году актриса спасла лётчика в Москве.
        """,
    "sv": """
        Anna anställdes av läkaren i Aten år 1998.
        År 1985 lånade domaren en gitarr av advokaten.
        Egypten exporterade stål till Frankrike år 2004.
        Jämfört med Irina är Stefan 3 centimeter kortare.
        Öster om hotellet ligger flygplatsen.
        Felix satt bakom Olga.
        Efter att ha skrivit ett brev bakade Nina en kaka.
        Laura ersattes av Thomas som chef för universitetet år 1971.
        Ivan arbetar i Seoul och Elena arbetar i Wien.
        Roberts far är Max.
        Angela lämnade Oslo år 1960 och flyttade till Istanbul.
        År 2010 räddade skådespelerskan piloten i Moskva.
        """,
    "tr": """
        Anna, 1998 yılında Atina'da doktor tarafından işe alındı.
        1985 yılında hâkim, avukattan bir gitar ödünç aldı.
        Mısır, 2004 yılında Fransa'ya çelik ihraç etti.
        Irina ile karşılaştırıldığında Stefan 3 santimetre daha kısa.
        Otelin doğusunda havaalanı yer alıyor.
        Felix, Olga'nın arkasında oturuyordu.
        Bir mektup yazdıktan sonra Nina bir kek pişirdi.
        Laura, 1971 yılında üniversitenin başındaki yerini Thomas'a bıraktı.
        Ivan Seul'de, Elena ise Viyana'da çalışıyor.
        Robert'in babası Max'tır.
        Angela, 1960 yılında Oslo'dan ayrılıp İstanbul'a taşındı.
        2010 yılında aktris, Moskova'da pilotu kurtardı.
        """,
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_written_by_hand(language: str) -> None:
    expected = [line.strip() for line in EXPECTED[language].strip().splitlines()]
    assert [realise(scene, form, language) for scene, form in SCENES] == expected


# What changes when the two arguments change places: the cases, not only the order.
SWAPS = {
    "de": ("Die Sängerin lobte den Richter im Jahr 1990 in Rom.",
           "Der Richter lobte die Sängerin im Jahr 1990 in Rom."),
    "ru": ("Певица похвалила судью в Риме в 1990 году.",
           "Судья похвалил певицу в Риме в 1990 году."),
    "tr": ("Şarkıcı, 1990 yılında Roma'da hâkimi övdü.",
           "Hâkim, 1990 yılında Roma'da şarkıcıyı övdü."),
    "es": ("La cantante elogió al juez en Roma en 1990.",
           "El juez elogió a la cantante en Roma en 1990."),
    "ja": ("歌手は1990年にローマで裁判官を褒めた。", "裁判官は1990年にローマで歌手を褒めた。"),
    "ko": ("가수는 1990년에 로마에서 판사를 칭찬했다.",
           "판사는 1990년에 로마에서 가수를 칭찬했다."),
    "zh": ("那位歌手于1990年在罗马表扬了那位法官。", "那位法官于1990年在罗马表扬了那位歌手。"),
}  # fmt: skip


@pytest.mark.parametrize("language", SWAPS)
def test_swapping_moves_the_cases(language: str) -> None:
    scene = Scene("act", "singer", "judge", verb="praise", city="Rome", year=1990)
    said = (realise(scene, 0, language), realise(swapped(scene), 0, language))
    assert said == SWAPS[language]


# Rules that one sentence each does not reach.
@pytest.mark.parametrize(
    ("language", "scene", "form", "sentence"),
    [
        ("de", Scene("export", "Turkey", "Norway", thing="tea", year=1999), 2,
         "Norwegen importierte im Jahr 1999 Tee aus der Türkei."),
        ("de", Scene("teach", "farmer", "Rita", thing="drawing", year=1999), 0,
         "Der Bauer unterrichtete Rita im Jahr 1999 im Zeichnen."),
        ("de", Scene("give", "farmer", "journalist", thing="ring", year=1999), 2,
         "Der Journalist bekam im Jahr 1999 vom Bauern einen Ring geschenkt."),
        ("es", Scene("stay", "Rome", "Milan", verb="live", who="Anna", other="Irina"), 0,
         "Anna vive en Roma e Irina vive en Milán."),
        ("es", Scene("sell", "judge", "cook", thing="watch", year=1999), 2,
         "El cocinero le compró un reloj al juez en 1999."),
        ("fr", Scene("age", "Peter", "Adam", n=4), 0, "Peter a 4 ans de plus qu'Adam."),
        ("fr", Scene("routine", "read_newspaper", "water_flowers", who="Eva"), 1,
         "Avant d'arroser les fleurs, Eva a lu le journal."),
        ("fr", Scene("teach", "doctor", "Emma", thing="chess", year=1999), 2,
         "Emma a appris les échecs auprès du médecin en 1999."),
        ("it", Scene("give", "writer", "Anna", thing="watch", year=1999), 0,
         "Nel 1999 lo scrittore ha regalato un orologio ad Anna."),
        ("it", Scene("place", "stadium", "post_office", thing="north"), 1,
         "L'ufficio postale si trova a sud dello stadio."),
        ("pt", Scene("export", "Portugal", "Japan", thing="wine", year=1999), 2,
         "O Japão importou vinho de Portugal em 1999."),
        ("pt", Scene("sell", "pilot", "singer", thing="ring", year=1999), 1,
         "O piloto vendeu um anel à cantora em 1999."),
        ("sv", Scene("kin", "Boris", "Thomas"), 2, "Thomas far är Boris."),
        ("sv", Scene("lend", "Anna", "Eva", thing="tent", year=1999), 0,
         "År 1999 lånade Anna ut ett tält till Eva."),
        ("nl", Scene("act", "Eva", "Rita", verb="hire", city="Prague", year=1999), 0,
         "Eva nam Rita in 1999 in Praag in dienst."),
        ("ru", Scene("height", "Anton", "Stefan", n=5), 2,
         "По сравнению со Стефаном Антон на 5 сантиметров выше."),
        ("ru", Scene("act", "Daniel", "Sofia", verb="interview", city="Tokyo", year=1999), 3,
         "В 1999 году у Софии в Токио взял интервью Даниэль."),
        ("ru", Scene("match", "China", "Poland", thing="final", year=1999), 2,
         "Польша проиграла Китаю в финале в 1999 году."),
        ("tr", Scene("age", "Max", "Monica", n=6), 1, "Monica, Max'tan 6 yaş küçük."),
        ("tr", Scene("visit", "Chicago", "Budapest", who="Eva", year=1999, year2=2001), 0,
         "Eva, 1999 yılında Chicago'yu, 2001 yılında Budapeşte'yi ziyaret etti."),
        ("tr", Scene("kin", "Gabriel", "Victor"), 1, "Victor, Gabriel'in oğludur."),
        ("ko", Scene("move", "Seoul", "Berlin", who="Martin", year=1999), 2,
         "마틴은 1999년에 서울을 떠나 베를린으로 이사했다."),
        ("ko", Scene("move", "Berlin", "Seoul", who="Nora", year=1999), 0,
         "노라는 1999년에 베를린에서 서울로 이사했다."),
        ("ja", Scene("act", "Anna", "Eva", verb="interview", city="Rome", year=1999), 0,
         "アンナは1999年にローマでエヴァにインタビューした。"),
        ("id", Scene("match", "India", "China", thing="opening", year=1999), 2,
         "Tiongkok kalah dari India dalam pertandingan pembuka pada tahun 1999."),
    ],
)  # fmt: skip
def test_rules_of_single_languages(language: str, scene: Scene, form: int, sentence: str) -> None:
    assert realise(scene, form, language) == sentence
