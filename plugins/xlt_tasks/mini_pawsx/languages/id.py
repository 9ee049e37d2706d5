"""Indonesian: active me- against passive di- ... oleh, "itu" for a known person, no inflection."""

from .. import concepts as c
from ..common import realiser, rows, table
from ..scenes import Scene

NP = {name: name for name in c.NAMES} | {
    role: f"{word} itu"
    for role, word in table(
        c.ROLES,
        """dokter|pengacara|perawat|insinyur|wartawan|pembuat roti|petani|tukang kebun|pelukis|
        penyanyi|pilot|hakim|koki|aktris|penulis|arsitek|dokter gigi|profesor|montir|guru""",
    ).items()
}
CITY = table(
    c.CITIES,
    """Paris London Roma Berlin Madrid Wina Lisboa Athena Moskwa Warsawa Praha Budapest Stockholm
    Oslo Helsinki Dublin Amsterdam Istanbul Tokyo Seoul Beijing Shanghai Sydney Toronto Chicago
    Boston Barcelona Milan""",
)
COUNTRY = table(
    c.COUNTRIES,
    """Jerman Prancis Spanyol Italia Portugal Swedia Polandia Rusia Turki Jepang Tiongkok Brasil
    Argentina Meksiko Mesir Kanada India Norwegia""",
)
# Active | passive.
ACT = rows(
    c.ACTS,
    """
    mempekerjakan | dipekerjakan
    memuji | dipuji
    mengkritik | dikritik
    menyelamatkan | diselamatkan
    mewawancarai | diwawancarai
    menipu | ditipu
    mendukung | didukung
    menghukum | dihukum
    """,
)
TRANSFER = {
    "give": ("memberikan", "menerima"),
    "lend": ("meminjamkan", "meminjam"),
    "sell": ("menjual", "membeli"),
}
OBJECT = table(
    c.OBJECTS,
    """buku|gitar|kamera|lukisan|sepeda|lampu|jam tangan|cincin|biola|permadani|koper|teleskop|
    sepeda motor|tenda""",
)
SUBJECT = table(
    c.SUBJECTS,
    "catur|matematika|fisika|kimia|bahasa Latin|bahasa Arab|fotografi|menggambar",
)
STAGE = table(
    c.STAGES,
    "di babak final|di babak semifinal|di babak perempat final|dalam pertandingan pembuka",
)
GOODS = table(
    c.GOODS,
    "gandum|kopi|baja|beras|kapas|minyak bumi|gula|wol|kertas|teh|minuman anggur|tembaga",
)
BUILDING = table(
    c.BUILDINGS,
    """museum|perpustakaan|stasiun|rumah sakit|sekolah|teater|pasar|hotel|kastel|katedral|taman|
    stadion|pelabuhan|bandara|bank|kantor pos|balai kota|universitas|pabrik|pemakaman""",
)
ORGANISATION = table(
    c.ORGANISATIONS,
    """museum|universitas|rumah sakit|teater|bank|sekolah|perpustakaan|orkestra|yayasan|
    institut""",
)
DIRECTION = {"north": ("utara", "selatan"), "east": ("timur", "barat")}
SEAT = {"left": ("sebelah kiri", "sebelah kanan"), "front": ("depan", "belakang")}
STAY = {"live": "tinggal", "work": "bekerja", "study": "kuliah"}
ACTIVITY = table(
    c.ACTIVITIES,
    """mencuci mobil|membaca koran|menyiram bunga|menulis surat|mengecat pagar|
    memberi makan kucing|memperbaiki sepeda|memanggang kue|membeli roti|menonton film|
    menyetrika kemeja|membersihkan jendela|membayar tagihan|membersihkan dapur""",
)


def _act(s: Scene) -> tuple[str, ...]:
    a, b, year, where = NP[s.a], NP[s.b], f"pada tahun {s.year}", f"di {CITY[s.city]}"
    active, passive = ACT[s.verb]
    return (
        f"{a} {active} {b} {where} {year}",
        f"{year}, {a} {active} {b} {where}",
        f"{b} {passive} oleh {a} {where} {year}",
        f"{year}, {b} {passive} oleh {a} {where}",
    )


def _transfer(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = NP[s.a], NP[s.b], f"sebuah {OBJECT[s.thing]}", f"pada tahun {s.year}"
    gave, got = TRANSFER[s.kind]
    return (
        f"{year}, {a} {gave} {thing} kepada {b}",
        f"{a} {gave} {thing} kepada {b} {year}",
        f"{b} {got} {thing} dari {a} {year}",
        f"{year}, {b} {got} {thing} dari {a}",
    )


def _teach(s: Scene) -> tuple[str, ...]:
    a, b, what, year = NP[s.a], NP[s.b], SUBJECT[s.thing], f"pada tahun {s.year}"
    return (
        f"{a} mengajari {b} {what} {year}",
        f"{year}, {a} mengajari {b} {what}",
        f"{b} belajar {what} dari {a} {year}",
        f"{year}, {b} belajar {what} dari {a}",
    )


def _move(s: Scene) -> tuple[str, ...]:
    a, b, year = CITY[s.a], CITY[s.b], f"pada tahun {s.year}"
    return (
        f"{s.who} pindah dari {a} ke {b} {year}",
        f"{year}, {s.who} pindah dari {a} ke {b}",
        f"{s.who} meninggalkan {a} {year} dan pindah ke {b}",
        f"{year}, {s.who} meninggalkan {a} dan pindah ke {b}",
    )


def _match(s: Scene) -> tuple[str, ...]:
    a, b, stage, year = COUNTRY[s.a], COUNTRY[s.b], STAGE[s.thing], f"pada tahun {s.year}"
    return (
        f"{a} mengalahkan {b} {stage} {year}",
        f"{year}, {a} mengalahkan {b} {stage}",
        f"{b} kalah dari {a} {stage} {year}",
        f"{year}, {b} kalah dari {a} {stage}",
    )


def _export(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = COUNTRY[s.a], COUNTRY[s.b], GOODS[s.thing], f"pada tahun {s.year}"
    return (
        f"{a} mengekspor {thing} ke {b} {year}",
        f"{year}, {a} mengekspor {thing} ke {b}",
        f"{b} mengimpor {thing} dari {a} {year}",
        f"{year}, {b} mengimpor {thing} dari {a}",
    )


def _age(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} {s.n} tahun lebih tua daripada {s.b}",
        f"{s.b} {s.n} tahun lebih muda daripada {s.a}",
        f"{s.a} lahir {s.n} tahun sebelum {s.b}",
        f"{s.b} lahir {s.n} tahun setelah {s.a}",
    )


def _height(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} {s.n} sentimeter lebih tinggi daripada {s.b}",
        f"{s.b} {s.n} sentimeter lebih pendek daripada {s.a}",
        f"dibandingkan dengan {s.b}, {s.a} {s.n} sentimeter lebih tinggi",
        f"dibandingkan dengan {s.a}, {s.b} {s.n} sentimeter lebih pendek",
    )


def _arrive(s: Scene) -> tuple[str, ...]:
    city = CITY[s.city]
    return (
        f"{s.a} tiba di {city} sebelum {s.b}",
        f"{s.b} tiba di {city} setelah {s.a}",
        f"ketika {s.b} tiba di {city}, {s.a} sudah ada di sana",
    )


def _visit(s: Scene) -> tuple[str, ...]:
    a, b = CITY[s.a], CITY[s.b]
    year, year2 = f"pada tahun {s.year}", f"pada tahun {s.year2}"
    return (
        f"{s.who} mengunjungi {a} {year} dan {b} {year2}",
        f"{s.who} mengunjungi {b} {year2} dan {a} {year}",
        f"{year}, {s.who} mengunjungi {a}, dan {year2} mengunjungi {b}",
        f"{year2}, {s.who} mengunjungi {b}, dan {year} mengunjungi {a}",
    )


def _place(s: Scene) -> tuple[str, ...]:
    a, b = BUILDING[s.a], BUILDING[s.b]
    north, south = DIRECTION[s.thing]
    return (
        f"{a} terletak di sebelah {north} {b}",
        f"{b} terletak di sebelah {south} {a}",
        f"di sebelah {north} {b} terletak {a}",
        f"di sebelah {south} {a} terletak {b}",
    )


def _seat(s: Scene) -> tuple[str, ...]:
    left, right = SEAT[s.thing]
    return (
        f"{s.a} duduk di {left} {s.b}",
        f"{s.b} duduk di {right} {s.a}",
        f"yang duduk di {left} {s.b} adalah {s.a}",
        f"yang duduk di {right} {s.a} adalah {s.b}",
    )


def _routine(s: Scene) -> tuple[str, ...]:
    do_a, do_b = ACTIVITY[s.a], ACTIVITY[s.b]
    return (
        f"{s.who} {do_a} sebelum {do_b}",
        f"sebelum {do_b}, {s.who} {do_a}",
        f"setelah {do_a}, {s.who} {do_b}",
        f"{s.who} {do_b} setelah {do_a}",
    )


def _replace(s: Scene) -> tuple[str, ...]:
    post, year = f"sebagai pemimpin {ORGANISATION[s.thing]}", f"pada tahun {s.year}"
    return (
        f"{year}, {s.a} menggantikan {s.b} {post}",
        f"{s.a} menggantikan {s.b} {post} {year}",
        f"{s.b} digantikan oleh {s.a} {post} {year}",
        f"{year}, {s.b} digantikan oleh {s.a} {post}",
    )


def _stay(s: Scene) -> tuple[str, ...]:
    one, two = f"{s.who} {STAY[s.verb]} di {CITY[s.a]}", f"{s.other} {STAY[s.verb]} di {CITY[s.b]}"
    return (
        f"{one} dan {two}",
        f"{two} dan {one}",
        f"sementara {one}, {two}",
        f"sementara {two}, {one}",
    )


def _kin(s: Scene) -> tuple[str, ...]:
    parent, child = ("ibu", "putri") if s.a in c.FEMALE else ("ayah", "putra")
    return (
        f"{s.a} adalah {parent} dari {s.b}",
        f"{s.b} adalah {child} dari {s.a}",
        f"{parent} dari {s.b} adalah {s.a}",
    )


realise = realiser(
    act=_act, transfer=_transfer, teach=_teach, move=_move, match=_match, export=_export,
    age=_age, height=_height, arrive=_arrive, visit=_visit, place=_place, seat=_seat,
    routine=_routine, replace=_replace, stay=_stay, kin=_kin,
)  # fmt: skip
