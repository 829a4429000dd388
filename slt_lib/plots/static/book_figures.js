// Draws the book's figures when they come into view: unpacks the bytes that slt_lib/plots/packing.py
// wrote, hands skeleton players to SkeletonPlayer (book_player.js) and everything else to plotly,
// which is loaded when the first such figure is near. Until then, in print and without JavaScript
// the figure's static picture stands in its place.
(() => {
  "use strict";
  const here = document.currentScript.src;
  const MOST_3D = 8; // browsers drop the oldest WebGL context beyond 8 to 16
  const TYPES = { f4: Float32Array, f8: Float64Array, i1: Int8Array, u1: Uint8Array,
    i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array };
  const QUIET = { displaylogo: false, responsive: true,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };
  let plotly = null;
  const scenes = []; // figures that hold a WebGL context, the one longest out of view first

  async function unpack(base64) {
    const zipped = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"));
    const bytes = await new Response(stream).arrayBuffer();
    const head = 4 + new DataView(bytes).getUint32(0, true);
    const body = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, head - 4)));
    const read = ({ at, dtype, length }) => {
      const type = TYPES[dtype.replace(/[<|=]/, "")];
      return new type(bytes.slice(head + at, head + at + length * type.BYTES_PER_ELEMENT));
    };
    const restore = (value) => {
      if (Array.isArray(value)) return value.map(restore);
      if (value === null || typeof value !== "object") return value;
      if (typeof value.dtype === "string" && typeof value.at === "number") {
        const flat = read(value);
        if (!value.shape) return flat;
        const [rows, columns] = value.shape;
        return Array.from({ length: rows }, (_, r) => flat.slice(r * columns, (r + 1) * columns));
      }
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, restore(v)]));
    };
    const frames = restore(body.frames);
    for (const track of body.tracks) {
      const deltas = read(track), points = deltas.length / frames.length;
      const now = new Int16Array(points); // sums wrap around, as the differences did
      frames.forEach((frame, f) => {
        const values = new Float32Array(points);
        for (let p = 0; p < points; p++) {
          now[p] += deltas[f * points + p];
          values[p] = now[p] === -32768 ? NaN : now[p] * track.step;
        }
        frame.data[track.trace][track.key] = values;
      });
    }
    return { data: restore(body.data), layout: restore(body.layout), frames };
  }

  function loadPlotly() {
    plotly ||= new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = new URL("plotly.min.js", here);
      script.onload = () => done(window.Plotly);
      script.onerror = () => failed(new Error("plotly.min.js could not be loaded"));
      document.head.append(script);
    });
    return plotly;
  }

  function theme() {
    const style = getComputedStyle(document.documentElement);
    const read = (name, other) => style.getPropertyValue(name).trim() || other;
    return {
      ink: read("--pst-color-text-base", "#32363d"),
      paper: read("--pst-color-background", "#ffffff"),
    };
  }

  const inTheme = ({ ink, paper }) => ({
    "font.color": ink, "hoverlabel.bgcolor": paper, "hoverlabel.font.color": ink,
  });

  const is3d = (figure) => figure.data.some((trace) => /3d$|surface|cone|gl$/.test(trace.type));

  async function drawWithPlotly(element, stage, figure) {
    const Plotly = await loadPlotly();
    await Plotly.newPlot(stage, figure.data, figure.layout, QUIET);
    if (figure.frames.length) await Plotly.addFrames(stage, figure.frames);
    await Plotly.relayout(stage, inTheme(theme()));
    element.restyle = () => Plotly.relayout(stage, inTheme(theme()));
    if (!is3d(figure)) return;
    scenes.push(element);
    element.release = () => { Plotly.purge(stage); rest(element); };
    const idle = scenes.filter((other) => !other.inView);
    while (scenes.length > MOST_3D && idle.length) {
      const oldest = idle.shift();
      scenes.splice(scenes.indexOf(oldest), 1);
      oldest.release();
    }
  }

  function rest(element) { // back to the static picture, until it is seen again
    delete element.dataset.live;
    element.querySelector(".slt-stage").remove();
    element.started = false;
    element.restyle = null;
  }

  async function draw(element) {
    if (element.started) return;
    element.started = true;
    try {
      const figure = await unpack(element.querySelector("script").textContent);
      const stage = document.createElement("div");
      stage.className = "slt-stage";
      stage.style.minHeight = `${figure.layout.height}px`;
      const picture = element.querySelector("img");
      element.append(stage);
      element.dataset.live = "true";
      if (figure.layout.meta.player) {
        const player = new SkeletonPlayer(stage, figure, theme());
        element.restyle = () => player.restyle(theme());
        element.pause = () => player.pause();
      } else {
        await drawWithPlotly(element, stage, figure);
      }
      if (picture) picture.alt = ""; // the figure's own label says it, once
      element.dataset.drawn = "true";
    } catch (error) {
      delete element.dataset.live;
      element.querySelector(".slt-stage")?.remove();
      element.dataset.error = String(error.message || error);
      console.error(`Figure not drawn: ${element.dataset.error}`);
    }
  }

  function start() {
    const figures = document.querySelectorAll("figure.slt-figure");
    const near = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        target.inView = isIntersecting;
        if (isIntersecting) {
          const at = scenes.indexOf(target);
          if (at >= 0) scenes.push(...scenes.splice(at, 1));
          draw(target);
        } else target.pause?.();
      }
    }, { rootMargin: "300px" });
    figures.forEach((element) => near.observe(element));
    new MutationObserver(() => figures.forEach((element) => element.restyle?.())).observe(
      document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
