"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);

  // ---- two films with a line between them ---------------------------------------------------------------------------
  const wipe = () => {
    const canvas = byId("canvas"), context = canvas.getContext("2d"), slider = byId("slider"), screen = canvas.parentElement;
    const sides = [byId("left"), byId("right")], tags = [byId("tag-left"), byId("tag-right")];
    const images = data.excerpts.map((excerpt) => excerpt.films.map((frames) => frames.map((uri) => {
      const image = new Image();
      image.onload = () => draw();
      image.src = uri;
      return image;
    })));
    let excerpt = 0, frame = 0, timer = 0;
    const draw = () => {
      const films = sides.map((side) => images[excerpt][side.value][frame]);
      if (films.some((film) => !film.complete || !film.naturalWidth)) return;
      if (canvas.width !== films[0].naturalWidth) {
        canvas.width = films[0].naturalWidth;
        canvas.height = films[0].naturalHeight;
      }
      const cut = Math.round(canvas.width * slider.value / 1000);
      context.drawImage(films[1], 0, 0);
      if (cut > 0) context.drawImage(films[0], 0, 0, cut, canvas.height, 0, 0, cut, canvas.height);
      byId("handle").style.left = `${slider.value / 10}%`;
    };
    const showNames = () => {
      sides.forEach((side, which) => {
        tags[which].textContent = data.films[side.value].name;
        tags[which].style.setProperty("--c", data.films[side.value].colour);
      });
      canvas.setAttribute("aria-label", `${tags[0].textContent} on the left, ${tags[1].textContent} on the right`);
      draw();
    };
    const show = (which) => {
      excerpt = which;
      frame = 0;
      [...byId("excerpts").children].forEach((button, index) => button.setAttribute("aria-pressed", index === which));
      byId("play").hidden = data.excerpts[excerpt].films[0].length < 2;
      if (byId("play").hidden) play(false);
      draw();
    };
    const play = (on) => {
      clearInterval(timer);
      byId("play").setAttribute("aria-pressed", on);
      byId("play").textContent = on ? "pause" : "play";
      if (on) timer = setInterval(() => { frame = (frame + 1) % data.excerpts[excerpt].films[0].length; draw(); }, 125);
    };
    sides.forEach((side, which) => {
      data.films.forEach((film, index) => side.add(new Option(film.name, index)));
      side.value = which ? data.films.length - 1 : Math.min(1, data.films.length - 1);
      side.addEventListener("change", showNames);
    });
    data.excerpts.forEach((each, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = each.name;
      button.addEventListener("click", () => show(index));
      byId("excerpts").append(button);
    });
    byId("swap").addEventListener("click", () => {
      [sides[0].value, sides[1].value] = [sides[1].value, sides[0].value];
      showNames();
    });
    byId("play").addEventListener("click", () => play(byId("play").getAttribute("aria-pressed") !== "true"));
    slider.addEventListener("input", draw);
    const drag = (event) => {
      const box = screen.getBoundingClientRect();
      slider.value = Math.round(1000 * (event.clientX - box.left) / box.width);
      draw();
    };
    screen.addEventListener("pointerdown", (event) => { screen.setPointerCapture(event.pointerId); drag(event); });
    screen.addEventListener("pointermove", (event) => { if (event.buttons) drag(event); });
    byId("wipe").hidden = false;
    showNames();
    show(0);
  };

  // ---- curves: choice of gap and films, and the values at the pointer ----------------------------------------------
  const curves = () => {
    const chart = byId("curves");
    if (!chart) return;
    const groups = [...chart.querySelectorAll("g[data-gap]")], buttons = [...document.querySelectorAll("[data-show]")];
    const legend = [...document.querySelectorAll("[data-film]")], cursor = chart.querySelector(".cursor");
    const plot = data.plot;
    let gap = groups[0].dataset.gap, current = -1;
    const showValues = () => {
      cursor.classList.toggle("off", current < 0);
      const x = plot.left + (plot.right - plot.left) * current / Math.max(1, plot.frames - 1);
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      legend.forEach((button) => {
        const value = current < 0 ? undefined : data.curves[gap][button.dataset.film][current];
        button.querySelector("output").textContent = value == null ? "" : value.toPrecision(2);
      });
      byId("frame").textContent = current < 0 ? "" : `frame ${current + 1}, ${(current / plot.rate).toFixed(2)} s`;
    };
    const choose = (which) => {
      gap = which;
      groups.forEach((group) => group.classList.toggle("off", group.dataset.gap !== gap));
      buttons.forEach((button) => button.setAttribute("aria-pressed", button.dataset.show === gap));
      showValues();
    };
    buttons.forEach((button) => button.addEventListener("click", () => choose(button.dataset.show)));
    legend.forEach((button) => button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", on);
      chart.querySelectorAll(`[data-of="${button.dataset.film}"]`).forEach((line) => line.classList.toggle("off", !on));
    }));
    chart.addEventListener("pointermove", (event) => {
      const box = chart.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * plot.width;
      const fraction = (x - plot.left) / (plot.right - plot.left);
      current = fraction < 0 || fraction > 1 ? -1 : Math.round(fraction * (plot.frames - 1));
      showValues();
    });
    chart.addEventListener("pointerleave", () => { current = -1; showValues(); });
    chart.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      current = Math.min(plot.frames - 1, Math.max(0, current + step));
      showValues();
    });
    choose(gap);
  };

  if (data.excerpts.length) wipe();
  curves();
  const copy = byId("copy");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", () => navigator.clipboard.writeText(byId("command").textContent).then(() => {
      copy.textContent = "copied";
    }));
  }
})();
