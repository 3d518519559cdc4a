"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);

  // ---- two films with a line between them ---------------------------------------------------------------------------
  const wipe = () => {
    const canvas = at("canvas"), pen = canvas.getContext("2d"), slider = at("slider"), screen = canvas.parentElement;
    const sides = [at("left"), at("right")], tags = [at("tag-left"), at("tag-right")];
    const pictures = data.scenes.map((scene) => scene.films.map((frames) => frames.map((uri) => {
      const picture = new Image();
      picture.onload = () => draw();
      picture.src = uri;
      return picture;
    })));
    let scene = 0, frame = 0, timer = 0;
    const draw = () => {
      const films = sides.map((side) => pictures[scene][side.value][frame]);
      if (films.some((film) => !film.complete || !film.naturalWidth)) return;
      if (canvas.width !== films[0].naturalWidth) {
        canvas.width = films[0].naturalWidth;
        canvas.height = films[0].naturalHeight;
      }
      const cut = Math.round(canvas.width * slider.value / 1000);
      pen.drawImage(films[1], 0, 0);
      if (cut > 0) pen.drawImage(films[0], 0, 0, cut, canvas.height, 0, 0, cut, canvas.height);
      at("handle").style.left = `${slider.value / 10}%`;
    };
    const name = () => {
      sides.forEach((side, which) => {
        tags[which].textContent = data.films[side.value].name;
        tags[which].style.setProperty("--c", data.films[side.value].colour);
      });
      canvas.setAttribute("aria-label", `${tags[0].textContent} on the left, ${tags[1].textContent} on the right`);
      draw();
    };
    const show = (which) => {
      scene = which;
      frame = 0;
      [...at("moments").children].forEach((button, index) => button.setAttribute("aria-pressed", index === which));
      at("play").hidden = data.scenes[scene].films[0].length < 2;
      if (at("play").hidden) play(false);
      draw();
    };
    const play = (on) => {
      clearInterval(timer);
      at("play").setAttribute("aria-pressed", on);
      at("play").textContent = on ? "pause" : "play";
      if (on) timer = setInterval(() => { frame = (frame + 1) % data.scenes[scene].films[0].length; draw(); }, 125);
    };
    sides.forEach((side, which) => {
      data.films.forEach((film, index) => side.add(new Option(film.name, index)));
      side.value = which ? data.films.length - 1 : Math.min(1, data.films.length - 1);
      side.addEventListener("change", name);
    });
    data.scenes.forEach((moment, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = moment.name;
      button.addEventListener("click", () => show(index));
      at("moments").append(button);
    });
    at("swap").addEventListener("click", () => {
      [sides[0].value, sides[1].value] = [sides[1].value, sides[0].value];
      name();
    });
    at("play").addEventListener("click", () => play(at("play").getAttribute("aria-pressed") !== "true"));
    slider.addEventListener("input", draw);
    const drag = (event) => {
      const box = screen.getBoundingClientRect();
      slider.value = Math.round(1000 * (event.clientX - box.left) / box.width);
      draw();
    };
    screen.addEventListener("pointerdown", (event) => { screen.setPointerCapture(event.pointerId); drag(event); });
    screen.addEventListener("pointermove", (event) => { if (event.buttons) drag(event); });
    at("wipe").hidden = false;
    name();
    show(0);
  };

  // ---- curves: which gap, which films, and what they are where one points ----------------------------------------------
  const curves = () => {
    const chart = at("curves");
    if (!chart) return;
    const groups = [...chart.querySelectorAll("g[data-gap]")], buttons = [...document.querySelectorAll("[data-show]")];
    const legend = [...document.querySelectorAll("[data-film]")], cross = chart.querySelector(".cross");
    const plot = data.plot;
    let gap = groups[0].dataset.gap, place = -1;
    const read = () => {
      cross.classList.toggle("off", place < 0);
      const x = plot.left + (plot.right - plot.left) * place / Math.max(1, plot.frames - 1);
      cross.setAttribute("x1", x);
      cross.setAttribute("x2", x);
      legend.forEach((button) => {
        const value = place < 0 ? undefined : data.curves[gap][button.dataset.film][place];
        button.querySelector("output").textContent = value == null ? "" : value.toPrecision(2);
      });
      at("frame").textContent = place < 0 ? "" : `frame ${place + 1}, ${(place / plot.rate).toFixed(2)} s`;
    };
    const choose = (which) => {
      gap = which;
      groups.forEach((group) => group.classList.toggle("off", group.dataset.gap !== gap));
      buttons.forEach((button) => button.setAttribute("aria-pressed", button.dataset.show === gap));
      read();
    };
    buttons.forEach((button) => button.addEventListener("click", () => choose(button.dataset.show)));
    legend.forEach((button) => button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", on);
      chart.querySelectorAll(`[data-of="${button.dataset.film}"]`).forEach((line) => line.classList.toggle("off", !on));
    }));
    chart.addEventListener("pointermove", (event) => {
      const box = chart.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * plot.width;
      const part = (x - plot.left) / (plot.right - plot.left);
      place = part < 0 || part > 1 ? -1 : Math.round(part * (plot.frames - 1));
      read();
    });
    chart.addEventListener("pointerleave", () => { place = -1; read(); });
    chart.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      place = Math.min(plot.frames - 1, Math.max(0, place + step));
      read();
    });
    choose(gap);
  };

  if (data.scenes.length) wipe();
  curves();
  const copy = at("copy");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", () => navigator.clipboard.writeText(at("command").textContent).then(() => {
      copy.textContent = "copied";
    }));
  }
})();
