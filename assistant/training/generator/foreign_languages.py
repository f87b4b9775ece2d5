"""A few common requests in German, Spanish, French and Italian, as they are typed in a ward."""

import random

from assistant.training.generator.phrase_tables import pick
from assistant.training.generator.scenes import Made, Scene, call

# type -> how it is named; in the order German, Spanish, French, Italian
TYPES: dict[str, tuple[str, str, str, str]] = {
    "liver": ("(Leber|die Leber)", "(hígado|higado)", "(foie|le foie)", "fegato"),
    "lung": ("(Lunge|die Lunge)", "(pulmón|pulmon)", "(poumon|le poumon)", "polmone"),
    "kidney": ("(Niere|Nieren)", "(riñón|rinon)", "(rein|reins)", "rene"),
    "bone": ("(Knochen|Rippe)", "hueso", "(os|les os)", "osso"),
    "mediastinum": ("Mediastinum", "mediastino", "médiastin", "mediastino"),
    "pelvis": ("Becken", "pelvis", "(bassin|pelvis)", "(pelvi|bacino)"),
    "abdomen": ("(Bauch|Abdomen)", "abdomen", "abdomen", "addome"),
    "soft tissue": ("Weichteile", "partes blandas", "tissus mous", "tessuti molli"),
}
# pattern in each language, and the call; {t} a type, {n} a number
PHRASES: tuple[tuple[tuple[str, ...], dict[str, str]], ...] = (
    (("(zeig mir|finde|suche) ähnliche (Läsionen|Fälle|Befunde)( bitte|)", "(muéstrame|busca|enséñame) lesiones (similares|parecidas)( por favor|)", "(montre-moi|trouve|cherche) des lésions (similaires|semblables)", "(mostrami|trova|cerca) lesioni simili"), {"do": "search"}),
    (("(zeig mir|finde|suche) ähnliche Läsionen (in|aus) {t}", "(muéstrame|busca) lesiones (similares|parecidas) (de|en) {t}", "(montre|trouve) des lésions similaires (dans|de) {t}", "(mostra|cerca) lesioni simili (nel|di) {t}"), {"do": "search", "in": "{t}"}),
    (("ähnliche (Läsionen|Fälle) bei Frauen", "lesiones (similares|parecidas) en mujeres", "lésions similaires chez (les |)femmes", "lesioni simili nelle donne"), {"do": "search", "sex": "F"}),
    (("ähnliche (Läsionen|Fälle) bei Männern", "lesiones (similares|parecidas) en (los |)hombres", "lésions similaires chez (les |)hommes", "lesioni simili negli uomini"), {"do": "search", "sex": "M"}),
    (("ähnliche Fälle bei Patienten über {n}( Jahren|)", "lesiones parecidas en mayores de {n} años", "lésions similaires chez les plus de {n} ans", "lesioni simili in pazienti sopra i {n} anni"), {"do": "search", "age": ">{n}"}),
    (("ähnliche Fälle bei Patienten unter {n}( Jahren|)", "lesiones parecidas en menores de {n} años", "lésions similaires chez les moins de {n} ans", "lesioni simili in pazienti sotto i {n} anni"), {"do": "search", "age": "<{n}"}),
    (("die {k} ähnlichsten (Fälle|Läsionen)", "las {k} (lesiones |)más (parecidas|similares)", "les {k} (lésions |)les plus (proches|semblables)", "le {k} (lesioni |)più simili"), {"do": "search", "k": "{k}"}),
    (("was ist das(?|)", "¿?qué es esto?", "(qu'est-ce que c'est|c'est quoi)(?|)", "(che cos'è|cosa è questo)(?|)"), {"do": "identify"}),
    (("(miss das aus|vermiss die Läsion|wie groß ist (das|es|die Läsion))(?|)", "(mide esto|cuánto mide( la lesión|))(?|)", "(mesure ça|quelle est la taille)(?|)", "(misura questo|quanto è grande)(?|)"), {"do": "measure"}),
    (("(schreib|erstelle) einen (Bericht|Befundbericht)", "(escribe|haz) un informe", "(écris|fais) un (rapport|compte rendu)", "(scrivi|fai) un referto"), {"do": "report"}),
    (("nur Frauen( bitte|)", "s(ó|o)lo mujeres", "seulement les femmes", "solo (le |)donne"), {"do": "refine", "sex": "F"}),
    (("nur Männer( bitte|)", "s(ó|o)lo hombres", "seulement les hommes", "solo (gli |)uomini"), {"do": "refine", "sex": "M"}),
    (("nur {t}( bitte|)", "s(ó|o)lo {t}", "seulement {t}", "solo {t}"), {"do": "refine", "in": "{t}"}),
    (("ohne {t}", "sin {t}", "sans {t}", "senza {t}"), {"do": "refine", "not": "{t}"}),
    (("(und |)über {n}( Jahre|)", "(y |)mayores de {n}( años|)", "(et |)plus de {n} ans", "(e |)sopra i {n} anni"), {"do": "refine", "age": ">{n}"}),
    (("(und |)unter {n}( Jahre|)", "(y |)menores de {n}( años|)", "(et |)moins de {n} ans", "(e |)sotto i {n} anni"), {"do": "refine", "age": "<{n}"}),
    (("kleiner als {s} cm", "menores de {s} cm", "plus petites que {s} cm", "più piccole di {s} cm"), {"do": "refine", "size": "<{s}cm"}),
    (("größer als {s} cm", "mayores de {s} cm", "plus grandes que {s} cm", "più grandi di {s} cm"), {"do": "refine", "size": ">{s}cm"}),
    (("(alle Filter weg|ohne Filter)", "(quita los filtros|sin filtros)", "(enlève les filtres|sans filtres)", "(togli i filtri|senza filtri)"), {"do": "refine", "drop": "all"}),
    (("(warum|wieso)(?|)", "por qué(?|)", "pourquoi(?|)", "perché(?|)"), {"do": "why"}),
    (("wie sicher bist du(?|)", "qué tan seguro (es|estás)(?|)", "c'est sûr(?|)", "quanto sei sicuro(?|)"), {"do": "sure"}),
    (("vergleiche (es |)mit dem (ersten|nächsten)", "compara con (el primero|la más parecida)", "compare avec le (premier|plus proche)", "confronta con il (primo|più simile)"), {"do": "compare", "hit": "1"}),
    (("(ist das|ist es) (bösartig|Krebs|gutartig)(?|)", "es (maligno|benigno|cáncer)(?|)", "c'est (malin|bénin|un cancer)(?|)", "è (maligno|benigno|un tumore)(?|)"), {"do": "decline", "topic": "malignancy"}),
    (("(danke|vielen Dank)(!|)", "(muchas |)gracias(!|)", "merci( beaucoup|)", "grazie( mille|)"), {"do": "thanks"}),
    (("(hallo|guten Tag|guten Morgen)(!|)", "(hola|buenos días)(!|)", "bonjour(!|)", "(ciao|buongiorno)(!|)"), {"do": "hello"}),
    (("erkläre mir Läsionen (in|der) {t}", "explícame las lesiones de {t}", "explique-moi les lésions (du|de) {t}", "spiegami le lesioni del {t}"), {"do": "explain", "in": "{t}"}),
    (("wie viele Läsionen (sind im|hat der) Atlas(?|)", "cuántas lesiones (hay en|tiene) el atlas(?|)", "combien de lésions (dans|contient) l'atlas(?|)", "quante lesioni ci sono nell'atlante(?|)"), {"do": "atlas"}),
    (("(schlage Regionen vor|wo soll ich hinschauen)(?|)", "(sugiere regiones|dónde debo mirar)(?|)", "(propose des régions|où regarder)(?|)", "(suggerisci regioni|dove devo guardare)(?|)"), {"do": "regions"}),
)  # fmt: skip


def foreign(rng: random.Random, scene: Scene) -> Made:
    """One common request, not in English."""
    patterns, fields = rng.choice(PHRASES)
    language = rng.randrange(4)
    lesion_type = rng.choice(tuple(TYPES))
    slots = {"t": pick(TYPES[lesion_type][language], rng), "n": str(rng.randint(20, 89)), "k": str(rng.randint(2, 20)),
             "s": str(rng.randint(1, 6))}  # fmt: skip
    meant = {
        key: value.format(t=lesion_type, n=slots["n"], k=slots["k"], s=slots["s"]) for key, value in fields.items()
    }
    text = pick(patterns[language].replace("¿?", rng.choice(("¿", ""))), rng, **slots)
    do = meant.pop("do")
    return text, [call(do, **meant)]
