// The jobs at the foot of the page: what the API says of them, asked for every second. What has not
// changed stays, so that videos play on and the keyboard keeps its place.
(() => {
  "use strict";

  const NAMES = { video: "Video", learn: "New style", best: "Best quality" };
  const cards = new Map(); // by a job's identity: its card, and what was last said of it

  function make(kind, properties, ...inside) {
    const made = Object.assign(document.createElement(kind), properties);
    made.append(...inside);
    return made;
  }

  function newCard(job) {
    const at = new Date(job.created).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
    const title = `${NAMES[job.kind]}, ${at}`;
    const remove = make("button", {
      className: "secondary sm",
      title,
      onclick: async () => {
        await fetch(`/v1/jobs/${job.id}`, { method: "DELETE" });
        look();
      },
    });
    const head = make("header", {}, make("strong", { textContent: title }), remove);
    const parts = { remove, said: make("p"), bar: make("progress"), shown: make("div") };
    return { ...parts, card: make("article", {}, head, parts.bar, parts.said, parts.shown) };
  }

  function result(job) {
    const file = { href: job.result, download: "", textContent: "Download" };
    const link = make("p", {}, make("a", file));
    if (job.kind === "video") return [make("video", { src: job.result, controls: true }), link];
    if (job.kind === "best") return [make("img", { src: job.result, alt: "The painting" }), link];
    return [link];
  }

  function draw(drawn, job) {
    const { said, bar, shown, remove, before } = drawn;
    const ended = job.state === "done" || job.state === "failed";
    const left = job.seconds_left === null ? "" : `, ${job.seconds_left} s left`;
    const going = `${job.task || "waiting"}: ${Math.round(100 * job.progress)} %${left}`;
    const texts = { done: "Done.", failed: `It failed: ${job.error}` };
    said.textContent = texts[job.state] ?? going;
    bar.hidden = ended;
    bar.value = job.progress;
    remove.textContent = ended ? "Remove" : "Stop";
    if (job.state === "done" && before?.state !== "done") {
      shown.replaceChildren(...result(job));
      if (before && job.kind === "learn") document.getElementById("new-style")?.click();
    } else if (job.state === "failed") {
      shown.replaceChildren();
    } else if (job.state !== "done" && job.preview !== (before?.preview ?? null)) {
      const soFar = { src: job.preview, alt: "So far" };
      shown.replaceChildren(...(job.preview ? [make("img", soFar)] : []));
    }
    drawn.before = job;
  }

  async function look() {
    const list = document.getElementById("jobs");
    if (!list) return; // the page is still being made
    const trouble = list.previousElementSibling;
    let jobs;
    try {
      ({ jobs } = await (await fetch("/v1/jobs")).json());
    } catch {
      trouble.textContent = "The studio does not answer. Start it again: your jobs will go on.";
      return;
    }
    trouble.textContent = jobs.length ? "" : "None yet. They go on when you leave this page.";
    for (const job of jobs) {
      if (!cards.has(job.id)) cards.set(job.id, newCard(job));
      draw(cards.get(job.id), job);
      const { card } = cards.get(job.id);
      if (!list.contains(card)) list.prepend(card);
    }
    for (const [identity, { card }] of cards) {
      if (jobs.some((job) => job.id === identity)) continue;
      card.remove();
      cards.delete(identity);
    }
  }

  look();
  setInterval(look, 1000);
})();
