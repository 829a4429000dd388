// The skeleton player of the book's pages. It plays figures that slt_lib.plots.skeleton_player
// made (3-D lines and dots, frame by frame) on a plain canvas: at the recording's own speed on
// any machine, without WebGL, and with controls that a keyboard and a screen reader can use.
(() => {
  "use strict";
  const NARROWEST = 150; // pixels that one signer needs before the next moves to a new row

  const seen = (value) => value === value; // NaN is a gap or an unseen joint

  class SkeletonPlayer {
    constructor(stage, figure, theme) {
      const { player } = figure.layout.meta;
      Object.assign(this, { stage, figure, fps: player.fps, labels: player.labels, speed: 1 });
      this.frames = figure.frames.length ? figure.frames : [{ data: figure.data }];
      this.frame = this.poster = figure.layout.sliders?.[0].active ?? 0;
      const { eye } = figure.layout.scene.camera; // where the figure says to look from
      this.home = { yaw: Math.atan2(-eye.x, -eye.y), pitch: 0, zoom: 1 };
      this.view = { ...this.home };
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
      canvas.ondblclick = () => { Object.assign(this.view, this.home); this.draw(); };
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
      const high = height - top - (this.labels.length ? 34 : 0);
      const scale = this.view.zoom * Math.min(width / (2 * halfX), high / (2 * halfZ));
      const project = this.#projection(scene.middle, width / 2, top + high / 2, scale);
      const pieces = [];
      for (const { t, color, width: thick, size, lines } of scene.traces) {
        const { x, y, z } = this.frames[this.frame].data[t];
        const wide = 0.75 * thick * Math.max(0.45, Math.min(1, scale / 130));
        const fine = wide < 2; // thin lines (the face) are drawn run by run, the others by bone
        let before = null, run = [];
        for (let p = 0; p <= x.length; p++) {
          const point = p < x.length && seen(x[p]) ? project(x[p], y[p], z[p]) : null;
          if (point && size?.[p] > 0)
            pieces.push({ depth: point.depth - 0.02, path: [point], color,
              width: 1.5 * size[p] * wide / thick });
          if (point && before && lines && !fine)
            pieces.push({ depth: (point.depth + before.depth) / 2, path: [before, point], color,
              width: wide, gap: 2.4 });
          if (point) run.push(point);
          else if (run.length) {
            if (lines && fine) pieces.push({ depth: run[0].depth, path: run, color, width: wide });
            run = [];
          }
          before = point;
        }
      }
      pieces.sort((a, b) => b.depth - a.depth).forEach((piece) => this.#piece(paint, piece));
      this.#fadeOut(paint, width, top + high);
    }

    #piece(paint, { path, color, width, depth, gap }) {
      paint.beginPath();
      path.forEach(({ x, y }, i) => (i ? paint.lineTo(x, y) : paint.moveTo(x, y)));
      if (path.length === 1) paint.lineTo(path[0].x + 0.01, path[0].y); // a dot
      const [from, to] = path;
      const length = gap ? Math.hypot(to.x - from.x, to.y - from.y) : 0;
      if (length > 2 * width) { // what is in front cuts a gap into what is behind, not its joints
        const cut = new Path2D(), dx = (to.x - from.x) * width / length,
          dy = (to.y - from.y) * width / length;
        cut.moveTo(from.x + dx, from.y + dy);
        cut.lineTo(to.x - dx, to.y - dy);
        paint.globalCompositeOperation = "destination-out";
        paint.globalAlpha = 1;
        paint.lineCap = "butt";
        paint.lineWidth = width + gap;
        paint.stroke(cut);
        paint.globalCompositeOperation = "source-over";
      }
      paint.lineCap = paint.lineJoin = "round";
      paint.strokeStyle = paint.fillStyle = color;
      if (path.length > 30) { // a long closed outline, the face: a breath of colour inside
        paint.globalAlpha = 0.07;
        paint.fill();
      }
      paint.globalAlpha = Math.max(0.6, Math.min(1, 0.9 - 0.2 * depth)); // far is fainter
      paint.lineWidth = width;
      paint.stroke();
      paint.globalAlpha = 1;
    }

    // Turned about the upright axis, then tipped; x right, y away, z up. Without perspective, so
    // that the front view shows joints where the camera saw them, however doubtful the depth.
    #projection([mx, my, mz], left, top, scale) {
      const { yaw, pitch } = this.view;
      const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
      return (x, y, z) => {
        const across = (x - mx) * cy - (y - my) * sy, away = (x - mx) * sy + (y - my) * cy;
        const depth = away * cp - (z - mz) * sp, up = away * sp + (z - mz) * cp;
        return { x: left + across * scale, y: top - up * scale, depth };
      };
    }

    #fadeOut(paint, width, bottom) { // the body goes on below the picture
      const shade = paint.createLinearGradient(0, bottom - 46, 0, bottom);
      shade.addColorStop(0, "rgba(0,0,0,0)");
      shade.addColorStop(1, "rgba(0,0,0,1)");
      paint.globalCompositeOperation = "destination-out";
      paint.fillStyle = shade;
      paint.fillRect(0, bottom - 46, width, 46);
      paint.clearRect(0, bottom, width, this.height);
      paint.globalCompositeOperation = "source-over";
    }

    #text(paint, name, label, { width, height }) {
      const font = getComputedStyle(this.canvas).fontFamily;
      paint.fillStyle = this.theme.ink;
      paint.textAlign = "center";
      paint.font = `600 14px ${font}`;
      if (name) paint.fillText(name, width / 2, 18, width - 8);
      paint.font = `600 20px ${font}`;
      if (label) paint.fillText(label, width / 2, height - 10, width - 8);
    }
  }

  window.SkeletonPlayer = SkeletonPlayer;
})();
