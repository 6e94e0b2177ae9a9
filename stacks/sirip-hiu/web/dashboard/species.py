"""Names for people of the species that the conveyor knows."""

# scientific name → English, Indonesian
COMMON_NAMES = {
    "Alopias pelagicus": ("Pelagic thresher", "hiu tikus"),
    "Alopias superciliosus": ("Bigeye thresher", "hiu paitan"),
    "Carcharhinus brevipinna": ("Spinner shark", "hiu plen"),
    "Carcharhinus falciformis": ("Silky shark", "hiu lanjaman"),
    "Carcharhinus limbatus": ("Blacktip shark", "hiu sirip hitam"),
    "Carcharhinus longimanus": ("Oceanic whitetip shark", "hiu koboi"),
    "Carcharhinus sorrah": ("Spot-tail shark", "hiu lanyam"),
    "Galeocerdo cuvier": ("Tiger shark", "hiu macan"),
    "Isurus oxyrinchus": ("Shortfin mako", "hiu mako"),
    "Prionace glauca": ("Blue shark", "hiu biru"),
    "Rhynchobatus australiae": ("Bottlenose wedgefish", "pari kikir"),
    "Sphyrna lewini": ("Scalloped hammerhead", "hiu martil"),
}


def name_species(scientific: str) -> str:
    """`Silky shark`; a species we have no name for keeps its scientific one."""
    return COMMON_NAMES.get(scientific, (scientific, ""))[0]


def name_species_locally(scientific: str) -> str:
    """`hiu lanjaman`, or nothing."""
    return COMMON_NAMES.get(scientific, ("", ""))[1]
