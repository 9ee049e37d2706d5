"""Concept ids: what the sentences are about, named independently of any language.

Every language module holds one entry for every id. The order of each tuple is part of the
generator's identity (scenes are drawn by position), so changing it changes every row.
"""

# Female names all end in -a and male names in a consonant: they decline regularly in Russian.
FEMALE_NAMES = (
    "Anna", "Maria", "Julia", "Sofia", "Elena", "Laura", "Clara", "Nina", "Eva", "Marta",
    "Paula", "Carla", "Diana", "Irina", "Olga", "Sara", "Monica", "Victoria", "Angela",
    "Silvia", "Teresa", "Nora", "Emma", "Rita",
)  # fmt: skip
MALE_NAMES = (
    "Peter", "Thomas", "Martin", "Daniel", "Robert", "Victor", "Walter", "David", "Simon",
    "Oscar", "Anton", "Felix", "Adam", "Ivan", "Boris", "Erik", "Max", "Leon", "Albert",
    "Gabriel", "Samuel", "Stefan", "Adrian", "Edgar",
)  # fmt: skip
NAMES = FEMALE_NAMES + MALE_NAMES

ROLES = (
    "doctor", "lawyer", "nurse", "engineer", "journalist", "baker", "farmer", "gardener",
    "painter", "singer", "pilot", "judge", "cook", "actress", "writer", "architect",
    "dentist", "professor", "mechanic", "teacher",
)  # fmt: skip
# Languages with grammatical gender need one gender per role; these four are women.
FEMALE_ROLES = ("nurse", "singer", "actress", "teacher")
FEMALE = frozenset(FEMALE_NAMES + FEMALE_ROLES)

CITIES = (
    "Paris", "London", "Rome", "Berlin", "Madrid", "Vienna", "Lisbon", "Athens", "Moscow",
    "Warsaw", "Prague", "Budapest", "Stockholm", "Oslo", "Helsinki", "Dublin", "Amsterdam",
    "Istanbul", "Tokyo", "Seoul", "Beijing", "Shanghai", "Sydney", "Toronto", "Chicago",
    "Boston", "Barcelona", "Milan",
)  # fmt: skip
COUNTRIES = (
    "Germany", "France", "Spain", "Italy", "Portugal", "Sweden", "Poland", "Russia", "Turkey",
    "Japan", "China", "Brazil", "Argentina", "Mexico", "Egypt", "Canada", "India", "Norway",
)  # fmt: skip

ACTS = ("hire", "praise", "criticise", "rescue", "interview", "deceive", "support", "punish")
OBJECTS = (
    "book", "guitar", "camera", "painting", "bicycle", "lamp", "watch", "ring", "violin",
    "carpet", "suitcase", "telescope", "motorbike", "tent",
)  # fmt: skip
SUBJECTS = (
    "chess", "mathematics", "physics", "chemistry", "latin", "arabic", "photography", "drawing",
)  # fmt: skip
STAGES = ("final", "semifinal", "quarterfinal", "opening")
GOODS = (
    "wheat", "coffee", "steel", "rice", "cotton", "oil", "sugar", "wool", "paper", "tea",
    "wine", "copper",
)  # fmt: skip
BUILDINGS = (
    "museum", "library", "station", "hospital", "school", "theatre", "market", "hotel",
    "castle", "cathedral", "park", "stadium", "port", "airport", "bank", "post_office",
    "town_hall", "university", "factory", "cemetery",
)  # fmt: skip
ORGANISATIONS = (
    "museum", "university", "hospital", "theatre", "bank", "school", "library", "orchestra",
    "foundation", "institute",
)  # fmt: skip
# "A north of B" is "B south of A", so one direction of each axis is enough to draw from.
DIRECTIONS = ("north", "east")
SEATS = ("left", "front")
STAYS = ("live", "work", "study")
ACTIVITIES = (
    "wash_car", "read_newspaper", "water_flowers", "write_letter", "paint_fence", "feed_cat",
    "repair_bicycle", "bake_cake", "buy_bread", "watch_film", "iron_shirts", "clean_windows",
    "pay_bill", "clean_kitchen",
)  # fmt: skip
