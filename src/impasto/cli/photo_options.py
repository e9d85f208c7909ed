"""The options of ``impasto PHOTO...``."""

from __future__ import annotations

from dataclasses import dataclass

from impasto.cli.options import (
    FILES,
    HOW,
    argument,
    file_quality_option,
    flag,
    help_of,
    max_size_option,
    option,
    painting_option,
    strip_option,
)
from impasto.defaults import DEFAULT_STYLE

OPTIONAL_VALUES = {
    "--keep-colors": ("luminance", r"luminance|histogram|linear"),
    "--subject": ("found", r"-?\d+(,-?\d+)*"),
    "--protect-faces": ("0.7", r"[-+]?(\.?\d[\d.,e+-]*|nan|inf)"),
}
"""Options whose value may be left out: what it is then, and what is one if it follows."""

FOLDERS = "Folders"


@dataclass(frozen=True)
class PhotoOptions:
    """The options of ``impasto stylize``, in the order of its help."""

    photos: list[str] | None = argument(
        "PHOTO...",
        "Photos, folders of photos, patterns ('trip/**/*.jpg'), or - for standard input.",
        default=None,
    )
    styles: list[str] | None = option(
        None,
        f"{help_of('style')} Repeat for a painting in each. Default: {DEFAULT_STYLE}.",
        "--style",
        "-s",
        metavar="NAME",
    )
    output: str | None = option(
        None,
        "A file, a folder, or - for standard output. "
        "Default: PHOTO-STYLE beside the photo; for a folder, FOLDER-STYLE beside it. "
        "In another folder, paintings in one style have the photos' names.",
        "--output",
        "-o",
        metavar="PATH",
    )
    strength: float = painting_option("strength")
    stroke: float = painting_option("stroke")
    quality: str = painting_option("quality")
    detail: float = painting_option("detail")
    keep_colors: str | None = painting_option("keep_colors")
    palette: str | None = painting_option("palette")
    seed: int = painting_option("seed")
    preset: str | None = option(
        None,
        "All of How and Where, as saved; or FILE.toml. Options given beside it win.",
        metavar="NAME",
        panel=HOW,
    )
    save_preset: str | None = option(
        None, "Save How and Where under this name, or as FILE.toml.", metavar="NAME", panel=HOW
    )
    mask: str | None = painting_option("mask")
    subject: str | None = painting_option("subject")
    invert_mask: bool = painting_option("invert_mask")
    regions: list[str] | None = painting_option("regions")
    protect_faces: float = painting_option("protect_faces")
    recursive: bool = flag(
        "recursive",
        "Photos in folders below folders, too; the paintings' folders are alike.",
        "-r",
        panel=FOLDERS,
    )
    skip_existing: bool = flag(
        "skip-existing", "Leave out photos whose painting is there.", panel=FOLDERS
    )
    overwrite: bool = flag("overwrite", "Replace paintings that exist already.", panel=FOLDERS)
    jobs: int = option(
        1,
        "How many photos to read and write at the same time; they share the memory.",
        "--jobs",
        "-j",
        panel=FOLDERS,
        minimum=1,
    )
    watch: bool = flag(
        "watch", "Go on painting what appears in the folder, until Ctrl-C.", panel=FOLDERS
    )
    dry_run: bool = flag(
        "dry-run",
        "Say what would be painted, where to, how large and how; write nothing.",
        panel=FOLDERS,
    )
    report: str | None = option(
        None,
        "What became of each photo, as JSON; - for standard output.",
        metavar="FILE",
        panel=FOLDERS,
    )
    max_size: int | None = max_size_option()
    compare: bool = flag(
        "compare", "Photo and painting side by side: PHOTO-STYLE-compared.", panel=FILES
    )
    file_quality: int = file_quality_option()
    file_format: str | None = option(
        None,
        "Of paintings: png, jpg, webp... Default: the photo's; png on standard output.",
        "--format",
        metavar="NAME",
        panel=FILES,
    )
    strip: bool = strip_option()
    show: bool = flag(
        "open", "Show the painting, or the folder of several, in the system's viewer."
    )
    gallery: str | None = painting_option("gallery")
    engine: str = painting_option("engine")
    precision: str = painting_option("precision")
    memory: str | None = option(
        None,
        "How much may be used; larger pictures are painted in tiles. Default: three "
        "quarters of what is free.",
        metavar="AMOUNT",
        panel="Speed",
    )
