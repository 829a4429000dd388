// The skeleton player of the book's pages. It plays figures that slt_lib.plots.skeleton_player
// made (3-D lines and dots, frame by frame) on a plain canvas: at the recording's own speed on
// any machine, without WebGL, and with controls that a keyboard and a screen reader can use.
(() => {
  "use strict";
  const HOME = { yaw: 0, pitch: 0.05 };
  const NARROWEST = 200; // pixels that one signer needs before the next moves to a new row
  const FAR = 5.5; // the eye's distance in shoulder widths

  const seen = (value) => value === value; // NaN is a gap or an unseen joint

  class SkeletonPlayer {
    constructor(stage, figure, theme) {
      const { player } = figure.layout.meta;
      Object.assign(this, { stage, figure, fps: player.fps, labels: player.labels, speed: 1 });
      this.frames = figure.frames.length ? figure.frames : [{ data: figure.data }];
      this.frame = this.poster = figure.layout.sliders?.[0].active ?? 0;
      this.view = { ...HOME, zoom: 1 };
      this.scenes = this.#scenes();
      this.#build();
      this.restyle(theme);
      new ResizeObserver(() => this.#fit()).observe(this.canvas);
    }

    // One entry per signer: its traces, the middle and the half height and width of what to show.
    #scenes() {
      const { data, layout } = this.figure;
      const names = (layout.annotations || []).map((a) => a.text);
      return [...new Set(data.map((trace) => trace.scene || "scene"))].map((key, i) => {
        const axes = ["x", "y", "z"].map((axis) => layout[key][`${axis}axis`].range);
        const traces = data.map((trace, t) => ({ trace, t }))
          .filter(({ trace }) => (trace.scene || "scene") === key)
          .map(({ trace, t }) => ({ t, color: trace.line.color, width: trace.line.width,
            size: trace.marker?.size, lines: trace.mode.includes("lines") }));
        return { traces, name: names[i] || "", middle: axes.map(([a, b]) => (a + b) / 2),
          half: axes.map(([a, b]) => Math.abs(b - a) / 2) };
      });
    }

    #build() {
      const make = (tag, properties, ...children) => {
        const node = Object.assign(document.createElement(tag), properties);
        node.append(...children);
        return node;
      };
      this.canvas = make("canvas", { tabIndex: 0, className: "slt-canvas" });
      this.canvas.setAttribute("role", "img");
      this.canvas.setAttribute("aria-label",
        `${this.figure.layout.meta.alt} Arrow keys turn the view, Home resets it.`);
      this.canvas.style.height = `${this.figure.layout.height - 52}px`;
      this.stage.append(this.canvas);
      this.#turnable();
      if (this.frames.length < 2) return;
      this.button = make("button", { type: "button", className: "slt-play" });
      this.button.onclick = () => (this.playing ? this.pause() : this.play());
      this.slider = make("input", { type: "range", min: 0, max: this.frames.length - 1,
        value: this.frame, step: 1 });
      this.slider.setAttribute("aria-label", "Time");
      this.slider.oninput = () => { this.pause(); this.show(Number(this.slider.value)); };
      this.clock = make("span", { className: "slt-clock" });
      const rates = [[1, "1×"], [0.5, "½×"], [0.25, "¼×"]];
      this.rate = make("select", {},
        ...rates.map(([value, text]) => make("option", { value, textContent: text })));
      this.rate.setAttribute("aria-label", "Speed");
      this.rate.onchange = () => {
        this.speed = Number(this.rate.value);
        if (this.playing) this.play();
      };
      this.stage.append(make("div", { className: "slt-controls" },
        this.button, this.slider, this.clock, this.rate));
      this.pause();
      this.#tell();
    }

    #turnable() {
      const canvas = this.canvas;
      const turn = (yaw, pitch) => {
        this.view.yaw += yaw;
        this.view.pitch = Math.max(-1.5, Math.min(1.5, this.view.pitch + pitch));
        this.draw();
      };
      canvas.onpointerdown = (event) => {
        canvas.setPointerCapture(event.pointerId);
        canvas.onpointermove = (move) => turn(move.movementX * 0.01, move.movementY * 0.01);
      };
      canvas.onpointerup = canvas.onpointercancel = () => { canvas.onpointermove = null; };
      canvas.ondblclick = () => { Object.assign(this.view, HOME, { zoom: 1 }); this.draw(); };
      canvas.onkeydown = (event) => {
        const step = { ArrowLeft: [-0.12, 0], ArrowRight: [0.12, 0], ArrowUp: [0, -0.12],
          ArrowDown: [0, 0.12] }[event.key];
        if (step) turn(...step);
        else if (event.key === "Home") canvas.ondblclick();
        else return;
        event.preventDefault();
      };
      canvas.addEventListener("wheel", (event) => { // a pinch; plain scrolling moves the page
        if (!event.ctrlKey) return;
        event.preventDefault();
        this.view.zoom = Math.max(0.5, Math.min(5, this.view.zoom * Math.exp(-event.deltaY / 200)));
        this.draw();
      }, { passive: false });
    }

    play() {
      const start = this.frame >= this.frames.length - 1 ? 0 : this.frame;
      const begin = performance.now(), lasts = this.frames.length;
      cancelAnimationFrame(this.playing);
      const tick = (now) => {
        const passed = Math.max(0, now - begin) / 1000 * this.fps * this.speed;
        const pause = this.fps * this.speed * 0.6; // a breath before it starts again
        const at = Math.floor((start + passed) % (lasts + pause));
        this.show(Math.min(at, lasts - 1));
        this.playing = requestAnimationFrame(tick);
      };
      this.playing = requestAnimationFrame(tick);
      this.button.setAttribute("aria-label", "Pause");
      this.button.dataset.state = "playing";
    }

    pause() {
      cancelAnimationFrame(this.playing);
      this.playing = 0;
      this.button?.setAttribute("aria-label", "Play");
      if (this.button) this.button.dataset.state = "paused";
    }

    show(frame) {
      if (frame === this.frame) return;
      this.frame = frame;
      this.slider.value = frame;
      this.#tell();
      this.draw();
    }

    #tell() {
      const time = `${(this.frame / this.fps).toFixed(2)} s`;
      this.clock.textContent = time;
      const said = [...new Set(this.labels[this.frame] || [])].filter(Boolean).join(", ");
      this.slider.setAttribute("aria-valuetext", said ? `${time}, ${said}` : time);
    }

    restyle(theme) {
      this.theme = theme;
      this.#fit();
    }

    // Signers stand side by side, or in rows where the page is narrow.
    #fit() {
      const { width } = this.canvas.getBoundingClientRect();
      if (!width) return;
      const count = this.scenes.length;
      this.columns = Math.max(1, Math.min(count, Math.floor(width / NARROWEST)));
      this.rows = Math.ceil(count / this.columns);
      const height = (this.figure.layout.height - 52) * (this.rows > 1 ? 0.72 * this.rows : 1);
      const dots = Math.min(2, window.devicePixelRatio || 1);
      this.canvas.style.height = `${height}px`;
      this.canvas.width = Math.round(width * dots);
      this.canvas.height = Math.round(height * dots);
      Object.assign(this, { width, height, dots });
      this.draw();
    }

    draw() {
      if (!this.width) return;
      const paint = this.canvas.getContext("2d");
      const cell = { width: this.width / this.columns, height: this.height / this.rows };
      paint.setTransform(this.dots, 0, 0, this.dots, 0, 0);
      paint.clearRect(0, 0, this.width, this.height);
      this.scenes.forEach((scene, i) => {
        paint.save();
        paint.translate((i % this.columns) * cell.width, Math.floor(i / this.columns) * cell.height);
        paint.beginPath();
        paint.rect(0, 0, cell.width, cell.height);
        paint.clip();
        this.#signer(paint, scene, cell);
        this.#text(paint, scene.name, (this.labels[this.frame] || [])[i], cell);
        paint.restore();
      });
    }

    #signer(paint, scene, { width, height }) {
      const top = scene.name ? 30 : 8, [halfX, , halfZ] = scene.half;
      const scale = this.view.zoom * Math.min(width / (2 * halfX), (height - top) / (2 * halfZ));
      const project = this.#projection(scene.middle, width / 2, top + (height - top) / 2, scale);
      const pieces = [];
      for (const { t, color, width: thick, size, lines } of scene.traces) {
        const { x, y, z } = this.frames[this.frame].data[t];
        const wide = thick * Math.max(0.42, Math.min(1, scale / 150));
        let before = null, loop = [];
        for (let p = 0; p <= x.length; p++) {
          const point = p < x.length && seen(x[p]) ? project(x[p], y[p], z[p]) : null;
          if (point && size?.[p] > 0)
            pieces.push({ depth: point.depth - 0.02, dot: point, color,
              radius: 0.6 * size[p] * point.near * wide / thick });
          if (lines && point && before)
            pieces.push({ depth: (point.depth + before.depth) / 2, from: before, to: point, color,
              width: wide * point.near * (thick > 4 ? 0.8 : 0.62) });
          if (point) loop.push(point);
          else { this.#surface(pieces, loop, color); loop = []; }
          before = point;
        }
      }
      pieces.sort((a, b) => b.depth - a.depth).forEach((piece) => this.#piece(paint, piece));
      this.#fadeOut(paint, width, height);
    }

    // A closed outline (the face, the lips) gets a faint fill behind its line.
    #surface(pieces, loop, color) {
      const first = loop[0], last = loop[loop.length - 1];
      if (loop.length < 30 || Math.hypot(first.x - last.x, first.y - last.y) > 0.5) return;
      pieces.push({ depth: Infinity, fill: loop, color });
    }

    #piece(paint, { from, to, dot, fill, color, width, radius, depth }) {
      paint.lineCap = "round";
      paint.lineJoin = "round";
      paint.fillStyle = paint.strokeStyle = color;
      if (fill) {
        paint.globalAlpha = 0.08;
        paint.beginPath();
        fill.forEach(({ x, y }, i) => (i ? paint.lineTo(x, y) : paint.moveTo(x, y)));
        paint.fill();
      } else if (dot) {
        paint.globalAlpha = 1;
        paint.beginPath();
        paint.arc(dot.x, dot.y, radius, 0, 2 * Math.PI);
        paint.fill();
      } else {
        const line = (wide) => {
          paint.lineWidth = wide;
          paint.beginPath();
          paint.moveTo(from.x, from.y);
          paint.lineTo(to.x, to.y);
          paint.stroke();
        };
        if (width > 2) { // what is in front cuts a thin gap into what is behind
          paint.globalAlpha = 1;
          paint.globalCompositeOperation = "destination-out";
          paint.lineCap = "butt";
          line(width + 2.4);
          paint.globalCompositeOperation = "source-over";
          paint.lineCap = "round";
        }
        paint.globalAlpha = Math.max(0.55, Math.min(1, 0.92 - 0.25 * depth));
        line(width);
      }
      paint.globalAlpha = 1;
    }

    // Perspective, turned about the upright axis and then tipped; x right, y away, z up.
    #projection([mx, my, mz], left, top, scale) {
      const { yaw, pitch } = this.view;
      const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
      return (x, y, z) => {
        const across = (x - mx) * cy - (y - my) * sy, away = (x - mx) * sy + (y - my) * cy;
        const depth = away * cp - (z - mz) * sp, up = away * sp + (z - mz) * cp;
        const near = FAR / Math.max(0.5, FAR + depth);
        return { x: left + across * near * scale, y: top - up * near * scale, depth, near };
      };
    }

    #fadeOut(paint, width, height) { // the body goes on below the picture
      const shade = paint.createLinearGradient(0, height - 46, 0, height);
      shade.addColorStop(0, "rgba(0,0,0,0)");
      shade.addColorStop(1, "rgba(0,0,0,1)");
      paint.globalCompositeOperation = "destination-out";
      paint.fillStyle = shade;
      paint.fillRect(0, height - 46, width, 46);
      paint.globalCompositeOperation = "source-over";
    }

    #text(paint, name, label, { width, height }) {
      const font = getComputedStyle(this.canvas).fontFamily;
      paint.fillStyle = this.theme.ink;
      paint.textAlign = "center";
      paint.font = `600 14px ${font}`;
      if (name) paint.fillText(name, width / 2, 18, width - 8);
      paint.font = `600 20px ${font}`;
      if (label) paint.fillText(label, width / 2, height - 12, width - 8);
    }
  }

  window.SkeletonPlayer = SkeletonPlayer;
})();
