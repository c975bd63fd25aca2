/* What JupyterLab loads: the container of our plugins, written by hand so that nothing is built. */
(() => {
  "use strict";
  const here = document.currentScript.src;
  let scope;

  /* Give a package that JupyterLab shares: the copy in use, else the newest that is offered. */
  async function shared(name) {
    const offered = Object.entries(scope[name] ?? {});
    if (!offered.length) throw new Error(`ct-magic: this JupyterLab does not share ${name}`);
    offered.sort(([one], [other]) => one.localeCompare(other, "en", { numeric: true }));
    const [, best] = offered.findLast(([, copy]) => copy.loaded) ?? offered.at(-1);
    return (await best.get())();
  }

  const container = {
    init: (found) => {
      scope = found;
    },
    get: async (name) => {
      if (name !== "./extension") throw new Error(`ct-magic: there is no module ${name}`);
      const { plugins } = await import(new URL("plugins.js", here));
      const found = await plugins(shared);
      return () => ({ __esModule: true, default: found });
    },
  };
  (window._JUPYTERLAB ??= {})["ct-magic"] = container;
})();
