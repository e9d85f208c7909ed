"""What ``impasto PHOTO...`` can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from impasto.cli.options import (
    HOW,
    DetailOption,
    EngineOption,
    GalleryOption,
    InvertMaskOption,
    KeepColorsOption,
    MaskOption,
    PaletteOption,
    PrecisionOption,
    ProtectFacesOption,
    QualityOption,
    RegionsOption,
    SeedOption,
    StrengthOption,
    StrokeOption,
    StylesOption,
    SubjectOption,
    flag,
)
from impasto.options import StylizeOptions

__all__ = ["OPTIONAL_VALUES", "PhotoOptions"]

OPTIONAL_VALUES = {
    "--keep-colors": ("luminance", r"luminance|histogram|linear"),
    "--subject": ("found", r"-?\d+(,-?\d+)*"),
    "--protect-faces": ("0.7", r"[-+]?(\.?\d[\d.,e+-]*|nan|inf)"),
}
"""Options whose value may be left out: what it is then, and what is one if it follows."""

FOLDERS, FILES = "Folders", "Files"


@dataclass(frozen=True)
class PhotoOptions:
    """The options of ``impasto stylize``, in the order of its help."""

    photos: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PHOTO...",
            help="Photos, folders of photos, patterns ('trip/**/*.jpg'), or - for standard input.",
            show_default=False,
        ),
    ] = None
    styles: StylesOption = None
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            show_default=False,
            help="A file, a folder, or - for standard output. "
            "Default: PHOTO-STYLE beside the photo; for a folder, FOLDER-STYLE beside it. "
            "In another folder, paintings in one style have the photos' names.",
        ),
    ] = None
    strength: StrengthOption = StylizeOptions.strength
    stroke: StrokeOption = StylizeOptions.stroke
    quality: QualityOption = StylizeOptions.quality
    detail: DetailOption = StylizeOptions.detail
    keep_colors: KeepColorsOption = None
    palette: PaletteOption = None
    seed: SeedOption = StylizeOptions.seed
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="All of How and Where, as saved; or FILE.toml. Options given beside it win.",
            show_default=False,
            rich_help_panel=HOW,
        ),
    ] = None
    save_preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Save How and Where under this name, or as FILE.toml.",
            show_default=False,
            rich_help_panel=HOW,
        ),
    ] = None
    mask: MaskOption = None
    subject: SubjectOption = None
    invert_mask: InvertMaskOption = False
    regions: RegionsOption = None
    protect_faces: ProtectFacesOption = StylizeOptions.protect_faces
    recursive: Annotated[
        bool,
        flag(
            "recursive",
            "Photos in folders below folders, too; the paintings' folders are alike.",
            "-r",
            panel=FOLDERS,
        ),
    ] = False
    skip_existing: Annotated[
        bool,
        flag("skip-existing", "Leave out photos whose painting is there.", panel=FOLDERS),
    ] = False
    overwrite: Annotated[
        bool,
        flag("overwrite", "Replace paintings that exist already.", panel=FOLDERS),
    ] = False
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            help="How many photos to read and write at the same time; they share the memory.",
            rich_help_panel=FOLDERS,
        ),
    ] = 1
    watch: Annotated[
        bool,
        flag("watch", "Go on painting what appears in the folder, until Ctrl-C.", panel=FOLDERS),
    ] = False
    dry_run: Annotated[
        bool,
        flag(
            "dry-run",
            "Say what would be painted, where to, how large and how; write nothing.",
            panel=FOLDERS,
        ),
    ] = False
    report: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="What became of each photo, as JSON; - for standard output.",
            show_default=False,
            rich_help_panel=FOLDERS,
        ),
    ] = None
    max_size: Annotated[
        int | None,
        typer.Option(
            metavar="PX",
            min=1,
            help="The longer side of paintings; larger photos are reduced, and then painted.",
            show_default=False,
            rich_help_panel=FILES,
        ),
    ] = None
    compare: Annotated[
        bool,
        flag("compare", "Photo and painting side by side: PHOTO-STYLE-compared.", panel=FILES),
    ] = False
    file_quality: Annotated[
        int,
        typer.Option(
            min=1,
            max=100,
            help="Of JPEG, WebP and AVIF.",
            rich_help_panel=FILES,
        ),
    ] = 95
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="Of paintings: png, jpg, webp... Default: the photo's; png on standard output.",
            show_default=False,
            rich_help_panel=FILES,
        ),
    ] = None
    strip: Annotated[
        bool,
        flag("strip", "Leave out EXIF data: camera, place, time.", panel=FILES),
    ] = False
    show: Annotated[
        bool,
        flag("open", "Show the painting, or the folder of several, in the system's viewer."),
    ] = False
    gallery: GalleryOption = None
    engine: EngineOption = "auto"
    precision: PrecisionOption = "auto"
    memory: Annotated[
        str | None,
        typer.Option(
            metavar="AMOUNT",
            help="How much may be used; larger pictures are painted in tiles. Default: three "
            "quarters of what is free.",
            show_default=False,
            rich_help_panel="Speed",
        ),
    ] = None
