"""Figures in the page: packed without loss, labelled, with a picture, drawn in a browser."""

import base64
import gzip
import json
import shutil
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import plotly
import plotly.graph_objects as go
import pytest
from docutils import nodes
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from playwright.sync_api import sync_playwright
from test_plots_player import signer

import slt_lib.plots
from slt_lib.cli.doctor import find_browser
from slt_lib.plots import FigureError, confidence_over_time, finish, skeleton_player
from slt_lib.plots.mime import PLOTLY, PlotlyRenderer
from slt_lib.plots.packing import pack
from slt_lib.plots.picture import picture

ALT = 'A test of <b>"marks"</b> & </script> in alt text.'
PLOTLY_SCRIPT = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def unpacked(text: str) -> tuple[dict, bytes]:
    raw = gzip.decompress(base64.b64decode(text))
    head = 4 + int.from_bytes(raw[:4], "little")
    return json.loads(raw[4:head]), raw[head:]


@given(
    arrays(np.float32, st.tuples(st.integers(2, 6), st.integers(1, 9)),
           elements=st.floats(-300, 300, width=32, allow_subnormal=False) | st.just(float("nan")))
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_frames_come_back_from_their_track(values):
    frames = [{"data": [{"type": "scatter3d", "x": row}]} for row in values]
    figure = go.Figure(go.Scatter3d(x=values[0]), frames=frames)
    body, blob = unpacked(pack(json.loads(figure.to_json())))
    (track,) = body["tracks"]
    coded = np.frombuffer(blob, "<i2", track["length"], track["at"]).reshape(values.shape)
    whole = np.cumsum(coded, axis=0, dtype=np.int16)
    back = np.where(whole == -32768, np.nan, whole * track["step"])
    assert np.array_equal(np.isnan(back), np.isnan(values))
    assert np.nanmax(np.abs(back - values), initial=0) <= track["step"] / 2 * 1.001
    assert (
        track["step"] <= max(np.nanmax(np.abs(values), initial=0) / 7999, 1e-9)
        or track["step"] == 1
    )


def test_a_hundred_frames_of_178_joints_are_small():
    turns = np.linspace(0, 6, 100)[:, None, None]
    pose = signer(100)
    pose = pose.replace(positions=pose.positions[:1] + 0.3 * np.sin(turns + pose.positions[:1]))
    assert len(pack(json.loads(skeleton_player(pose, alt=ALT).to_json()))) < 250_000


def output(figure: dict) -> SimpleNamespace:
    return SimpleNamespace(mime_type=PLOTLY, content=figure, cell_index=3, output_index=0)


class Renderer:
    """What myst-nb hands to a plug-in, as far as ours uses it."""

    def __init__(self, folder: Path, builder: str = "html") -> None:
        self.folder = folder
        config = SimpleNamespace(builder_name=builder)
        self.renderer = SimpleNamespace(nb_config=config)

    def write_file(self, path, content, overwrite=False, exists_ok=False) -> str:
        self.folder.joinpath(*path).write_bytes(content)
        return path[-1]


def rendered(figure: go.Figure, folder: Path, builder: str = "html") -> list:
    data = output(json.loads(figure.to_json()))
    return PlotlyRenderer.handle_mime(Renderer(folder, builder), data, False)


def test_a_figure_without_alt_text_stops_the_build(tmp_path):
    with pytest.raises(FigureError, match=r"cell 3: .* no alt text"):
        rendered(go.Figure(go.Bar(y=[1])), tmp_path)


def test_alt_text_is_escaped_and_other_outputs_are_left_alone(tmp_path):
    begin, image, _ = rendered(finish(go.Figure(go.Bar(y=[1])), alt=ALT), tmp_path)
    assert image["alt"] == ALT
    label = begin.astext().split("<script")[0]
    assert "<b>" not in label and "&lt;/script&gt;" in label
    assert PlotlyRenderer.handle_mime(None, SimpleNamespace(mime_type="text/html"), False) is None


def test_other_builders_get_the_picture_alone(tmp_path):
    (only,) = rendered(finish(go.Figure(go.Bar(y=[1])), alt=ALT), tmp_path, "latex")
    assert isinstance(only, nodes.image)


FIGURES = {
    "player": lambda: skeleton_player(
        {"ours": signer(9), "real": signer(6, seed=1)}, alt=ALT, labels=None
    ),
    "confidence": lambda: confidence_over_time(signer(9), alt=ALT),
    "lines": lambda: finish(
        go.Figure(
            [
                go.Scatter(x=[1, 2, 3], y=[1, None, 2], name="a", line_dash="dot"),
                go.Scatter(y=[1, 2, 3], fill="tozeroy", name="b", fillcolor="rgba(0,9,9,.2)"),
            ],
            layout={"xaxis": {"type": "log"}, "shapes": [{"type": "line", "x0": 1, "x1": 1,
                    "y0": 0, "y1": 1, "yref": "y domain"}],
                    "annotations": [{"x": 1, "y": 1, "text": "<b>here</b><br>now"}]},
        ),
        alt=ALT, title="Title",
    ),
    "bars": lambda: finish(
        go.Figure(
            [go.Bar(x=["a", "b"], y=[1, 2], name="n"), go.Bar(x=["b", "c"], y=[3, 1], name="m")],
            layout={"barmode": "stack"},
        ),
        alt=ALT,
    ),
    "boxes": lambda: finish(
        go.Figure([go.Box(y=[1, 2, 3, 9], name="p"), go.Violin(y=[2, 2, 4, 5.0], name="q")]),
        alt=ALT,
    ),
    "histogram": lambda: finish(go.Figure(go.Histogram(x=[1, 2, 2, 3.0])), alt=ALT),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_a_small_picture_with_ink_on_nothing(name):
    content = picture(json.loads(FIGURES[name]().to_json()))
    image = Image.open(BytesIO(content)).convert("RGBA")
    alpha = np.asarray(image)[..., 3]
    assert image.format is None and 600 < image.width < 1300
    assert len(content) < 90_000  # noise; real signing takes a third
    assert 0.005 < (alpha > 40).mean() < 0.9


def test_a_band_is_filled_between_its_two_lines():
    edges = [
        go.Scatter(x=[0, 1], y=[4, 4], line_width=0),
        go.Scatter(x=[0, 1], y=[6, 6], line_width=0, fill="tonexty", fillcolor="#2b83e0"),
    ]
    plain = {"range": [0, 10], "visible": False}
    figure = finish(go.Figure(edges, layout={"yaxis": plain, "showlegend": False}), alt=ALT)
    image = Image.open(BytesIO(picture(json.loads(figure.to_json())))).convert("RGBA")
    column = np.asarray(image)[:, image.width // 2, 3] > 200
    assert 0.1 < column.mean() < 0.25  # a fifth of the axes' height, not all that is below


def test_a_picture_does_not_draw_masked_joints():
    pose = signer(3).hide(np.arange(178))
    seen = np.asarray(Image.open(BytesIO(picture(json.loads(
        skeleton_player(pose, alt=ALT).to_json())))).convert("RGBA"))  # fmt: skip
    assert (seen[..., 3] > 40).mean() < 0.001


def test_a_trace_without_a_picture_is_refused():
    with pytest.raises(FigureError, match="'sunburst' trace has no static picture"):
        picture(json.loads(finish(go.Figure(go.Sunburst(labels=["a"])), alt=ALT).to_json()))


@pytest.fixture(scope="module")
def browser():
    executable = find_browser()
    if not executable:
        pytest.skip("no Chromium on the path, and SLT_CHROMIUM names none")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(tmp_path, browser):
    """A page with one figure of each kind, opened in a real browser."""
    static = Path(slt_lib.plots.__file__).parent / "static"
    for file in (*static.iterdir(), PLOTLY_SCRIPT):
        shutil.copy(file, tmp_path)
    body = "".join(
        "".join(n.astext() if isinstance(n, nodes.raw) else f'<img src="{n["uri"]}" alt="x">'
                for n in rendered(make(), tmp_path))
        for make in FIGURES.values()
    )  # fmt: skip
    (tmp_path / "page.html").write_text(
        '<!doctype html><html data-theme="light"><meta charset="utf-8"><title>t</title>'
        '<link rel="stylesheet" href="book_figures.css">'
        '<script defer src="book_player.js"></script>'
        f'<script defer src="book_figures.js"></script><body style="width:700px">{body}</html>'
    )
    opened = browser.new_page(viewport={"width": 800, "height": 900})
    opened.errors = []
    opened.on("pageerror", lambda error: opened.errors.append(str(error)))
    opened.on("console", lambda m: m.type == "error" and opened.errors.append(m.text))
    opened.goto((tmp_path / "page.html").as_uri())
    yield opened
    opened.close()


def test_figures_are_drawn_when_seen_and_the_player_keeps_time(page):
    figures = page.locator("figure.slt-figure")
    for i in range(figures.count()):
        figures.nth(i).scroll_into_view_if_needed()
        page.wait_for_function(
            "i => { const f = document.querySelectorAll('figure.slt-figure')[i].dataset;"
            "       return f.drawn || f.error }", arg=i, timeout=30_000,
        )  # fmt: skip
    states = page.evaluate(
        "[...document.querySelectorAll('figure.slt-figure')]"
        ".map(f => f.dataset.error || f.dataset.drawn)"
    )
    assert states == ["true"] * len(FIGURES)
    assert page.errors == []
    player = figures.nth(0)
    player.scroll_into_view_if_needed()
    assert not player.locator("img").is_visible()
    ink = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter(v => v).length"
    assert player.locator("canvas").evaluate(ink) > 1000
    player.locator("canvas").focus()
    before = player.locator("canvas").evaluate("c => c.toDataURL()")
    page.keyboard.press("ArrowRight")
    assert player.locator("canvas").evaluate("c => c.toDataURL()") != before
    slider, button = player.locator("input"), player.locator("button")
    slider.fill("0")
    button.click()
    page.wait_for_function("document.querySelector('figure input').value > 3")
    button.click()
    assert button.get_attribute("aria-label") == "Play"
    page.emulate_media(media="print")
    assert player.locator("img").is_visible()
    assert not player.locator("canvas").is_visible()
