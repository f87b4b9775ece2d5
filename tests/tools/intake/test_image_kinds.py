import pytest

from tools.intake.image_kinds import keeps_hounsfield_units, kernel_class, kind_of


@pytest.mark.parametrize(
    ("image_type", "kind"),
    [
        ("ORIGINAL\\PRIMARY\\AXIAL", "original"),
        ("ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 SPI", "original"),
        ("ORIGINAL\\PRIMARY\\AXIAL\\LOW_DOSE", "original"),
        ("ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 PERF", "original"),
        ("DERIVED\\SECONDARY\\REFORMATTED", "derived"),
        ("DERIVED\\PRIMARY\\AXIAL\\VNC", "derived"),
        ("DERIVED\\SECONDARY\\AXIAL\\MIP", "mip"),
        ("DERIVED\\SECONDARY\\PROJECTION IMAGE\\MIN_IP", "mip"),
        ("DERIVED\\SECONDARY\\AVERAGE", "average"),
        ("ORIGINAL\\PRIMARY\\LOCALIZER", "localizer"),
        ("ORIGINAL\\PRIMARY\\LOCALIZER\\CT_SOM5 TOP", "localizer"),
        ("DERIVED\\SECONDARY\\SCREEN SAVE", "screen"),
        ("DERIVED\\SECONDARY\\OTHER\\DOSE_INFO", "screen"),
        ("DERIVED\\SECONDARY\\AXIAL\\CBF", "map"),
        ("DERIVED\\PRIMARY\\PERFUSION\\RCBV", "map"),
        ("DERIVED\\SECONDARY\\AXIAL\\TIME_TO_PEAK", "map"),
        ("DERIVED\\PRIMARY\\VOLUME\\MAT_SPECIFIC", "map"),
        ("DERIVED\\PRIMARY\\VOLUME\\EFF_ATOMIC_NUM", "map"),
        ("DERIVED\\SECONDARY\\IODINE MAP", "map"),
        ("DERIVED\\SECONDARY\\3D\\VRT", "map"),
        ("DERIVED\\SECONDARY\\SUBTRACTION", "map"),
        ("", None),
        ("SMITH^MARY", None),
    ],
)
def test_image_types_are_classified_by_closed_lists(image_type, kind):
    assert kind_of(tuple(image_type.split("\\"))) == kind


def test_an_unknown_word_of_a_derived_image_may_be_any_computation():
    assert keeps_hounsfield_units(("ORIGINAL", "PRIMARY", "AXIAL", "QQQ"))
    assert keeps_hounsfield_units(("DERIVED", "SECONDARY", "CORONAL", "MPR"))
    assert not keeps_hounsfield_units(("DERIVED", "SECONDARY", "AXIAL", "QQQ"))


@pytest.mark.parametrize("name", ["B30f", "B31s", "Br40d\\3", "I30f", "H31s", "STANDARD", "SOFT", "FC08", "FC18", "B"])
def test_soft_kernels(name):
    assert kernel_class(name) == "soft"


@pytest.mark.parametrize("name", ["B60f", "B70s", "Bl64d", "LUNG", "BONEPLUS", "Edge", "FC51", "FC30", "FC86", "YC"])
def test_sharp_kernels(name):
    assert kernel_class(name) == "sharp"


@pytest.mark.parametrize("name", ["", "Dr. Smith", "FC43", "7"])
def test_kernels_that_nobody_knows(name):
    assert kernel_class(name) is None
