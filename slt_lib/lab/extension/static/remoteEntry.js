// The book's own part of JupyterLab, loaded as it stands: no build step, no dependencies.
//
// jupyterlab-myst turns a markdown cell into a tree and shows the tree. Between the two, this writes
// into it what jupyterlab-myst can't know: authors and years in place of citation keys, titles in
// place of page names, "Fig. 3.2" in place of a label, and a chapter's list of references.
// It also sets captions below figures, and keeps solutions closed.
(() => {
  const NAME = "slt-book";
  let scope; // packages that JupyterLab shares with its extensions

  const shared = async (name) => (await Object.values(scope[name])[0].get())();
  const text = (value) => ({ type: "text", value, key: `slt-${count++}` });
  let count = 0;

  // Turn a node of the tree into a link, or into its words alone if there is nowhere to go.
  function become(node, words, url, internal) {
    for (const name of Object.keys(node)) if (name !== "key") delete node[name];
    node.type = url ? "link" : "span";
    if (url) Object.assign(node, { url, internal });
    node.children = [text(words)];
  }

  // A function that mends, in place, a tree of the page at `here`; `cells` are those of a notebook.
  function resolver(known, here, cells = []) {
    const up = "../".repeat(here.split("/").length - 1);
    const address = (page) => known.linked && known.pages[page] && up + known.pages[page].file;

    // {doc}`04_corpus`, `/book/ethics` and `../book/ethics`, as seen from the page's folder
    const folder = here.startsWith("book/") ? "book" : "notebooks";
    const pageOf = (url) => {
      const path = url.replace(/^(\/|\.\.\/)/, "");
      return path.includes("/") ? path : `${folder}/${path}`;
    };

    const keysCited = () => {
      const keys = new Set();
      for (const { model } of cells) {
        if (model.type !== "markdown") continue;
        const source = model.sharedModel.getSource();
        for (const [, some] of source.matchAll(/\{cite:[pt]\}`([^`]+)`/g)) {
          for (const key of some.split(",")) if (known.cited[key.trim()]) keys.add(key.trim());
        }
      }
      return [...keys].sort();
    };

    const kinds = {
      cite(node) {
        const found = known.cited[node.label];
        if (!found) return;
        const year = node.kind === "narrative" ? ` (${found.year})` : `, ${found.year}`;
        become(node, found.who + year, found.url);
      },
      crossReference(node) {
        if (node.resolved) return;
        const named = node.children?.map((child) => child.value).join("");
        if (node.identifier?.startsWith("term-")) {
          return become(node, named || node.label, address("book/glossary"), true);
        }
        const found = known.labels[node.label];
        if (!found) return;
        const url = here.endsWith(`${found.page}.ipynb`) ? "" : address(found.page);
        become(node, named || found.text, url, true);
      },
      link(node) {
        const page = pageOf(node.urlSource ?? node.url);
        const named = node.children?.map((child) => child.value).join("");
        const titled = named && named !== (node.urlSource ?? node.url);
        if (known.pages[page]) {
          become(node, titled ? named : known.pages[page].title, address(page), true);
        }
      },
      bibliography(node) {
        node.type = "list";
        node.children = keysCited().map((key) => {
          const item = { type: "listItem", key: `slt-${count++}`, children: [text("")] };
          const { full, url } = known.cited[key];
          become(item.children[0], full, url);
          return item;
        });
      },
    };

    return function mend(node) {
      kinds[node.type]?.(node);
      node.children?.forEach(mend);
    };
  }

  // A figure's caption stands in its cell's metadata, where the HTML book finds it.
  function addCaption(cell, known) {
    const figure = cell.model.getMetadata("mystnb")?.figure;
    if (!figure) return;
    const caption = document.createElement("div");
    caption.className = "slt-caption";
    const number = known.labels[figure.name]?.text;
    caption.textContent = (number ? `${number} ` : "") + figure.caption;
    cell.node.append(caption);
  }

  // The accessors of a property, wherever among a cell's ancestors they are.
  function accessors(cell, name) {
    let owner = cell;
    while (!Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner);
    return Object.getOwnPropertyDescriptor(owner, name);
  }

  // A solution opens and closes as one. JupyterLab would show its output whenever it is run.
  function closeSolution(cell) {
    if (!cell.model.getMetadata("tags")?.includes("hide-cell")) return;
    const input = accessors(cell, "inputHidden");
    const output = accessors(cell, "outputHidden");
    Object.defineProperty(cell, "inputHidden", {
      get: input.get,
      set(hidden) {
        input.set.call(cell, hidden);
        output.set.call(cell, hidden);
      },
    });
    Object.defineProperty(cell, "outputHidden", {
      get: output.get,
      set: (hidden) => output.set.call(cell, hidden || cell.inputHidden),
    });
  }

  // Mend each tree that a widget of jupyterlab-myst is given to show.
  function mendTrees(widget, property, mend) {
    if (!(property in widget)) return; // shown by something else
    const { get, set } = accessors(widget, property);
    Object.defineProperty(widget, property, {
      get,
      set(model) {
        if (model?.mdast) mend(model.mdast);
        set.call(widget, model);
      },
    });
  }

  const STYLE = `
    .slt-caption { margin: 4px 8px 12px; padding-left: 80px; color: var(--jp-ui-font-color2);
      font-size: var(--jp-ui-font-size1); }
    .jp-CodeCell.jp-mod-noOutputs > .slt-caption { display: none; }`;

  async function plugin() {
    const { NotebookPanel } = await shared("@jupyterlab/notebook");
    const { IRenderMimeRegistry } = await shared("@jupyterlab/rendermime");
    return {
      id: `${NAME}:references`,
      autoStart: true,
      requires: [NotebookPanel.IContentFactory, IRenderMimeRegistry],
      activate: async (app, factory, rendermime) => {
        const { baseUrl } = app.serviceManager.serverSettings;
        const answer = await fetch(`${baseUrl}slt-book/references`, { credentials: "same-origin" });
        const known = answer.ok ? await answer.json() : {};
        if (!known.cited) return; // no book here
        const style = document.createElement("style");
        style.textContent = STYLE;
        document.head.append(style);

        const { createMarkdownCell, createCodeCell } = factory;
        factory.createMarkdownCell = function (options) {
          const cell = createMarkdownCell.call(this, options);
          mendTrees(cell, "mystModel", (tree) => {
            const panel = cell.parent?.parent;
            if (panel) resolver(known, panel.context.path, panel.content.widgets)(tree);
          });
          return cell;
        };
        factory.createCodeCell = function (options) {
          const cell = createCodeCell.call(this, options);
          addCaption(cell, known);
          closeSolution(cell);
          return cell;
        };

        // pages such as the glossary, in a preview
        const markdown = rendermime.getFactory("text/markdown");
        const { createRenderer } = markdown;
        markdown.createRenderer = function (options) {
          const page = createRenderer.call(this, options);
          mendTrees(page, "model", resolver(known, options.resolver?.path ?? ""));
          return page;
        };
      },
    };
  }

  (window._JUPYTERLAB ??= {})[NAME] = {
    init: (given) => void (scope = given),
    get: async () => {
      const made = await plugin();
      return () => ({ __esModule: true, default: made });
    },
  };
})();
