// Draws each figure whose option the page carries as JSON, in the colours of the theme in force.
// Colours in an option are token names; every other string comes from the page.

const TOKENS = new Set([
  "paper", "surface", "ink", "ink-2", "ink-3", "hairline", "control",
  "celadon", "seal", "danger", "amber", "green", "blue", "indigo",
  ...Array.from({ length: 8 }, (_, index) => `series-${index + 1}`),
]);
const COLOUR_KEYS = /color$/i;

const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);

function token(name) {
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

// A copy of the option with token names under colour keys turned into colours.
function painted(value, key = "") {
  if (typeof value === "string") {
    return COLOUR_KEYS.test(key) && TOKENS.has(value) ? token(value) : value;
  }
  if (Array.isArray(value)) {
    return value.map((item) => painted(item, key));
  }
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, painted(v, k)]));
  }
  return value;
}

function axis(given) {
  const one = (each) => ({
    axisLine: { lineStyle: { color: token("control") } },
    splitLine: { lineStyle: { color: token("hairline") } },
    ...each,
    axisLabel: { color: token("ink-3"), fontSize: 13, ...each.axisLabel },
    nameTextStyle: { color: token("ink-3"), fontSize: 13, ...each.nameTextStyle },
  });
  return Array.isArray(given) ? given.map(one) : one(given ?? {});
}

// At the end of its line the name of the axis is cut off on a phone.
const UNDER = { nameLocation: "middle", nameGap: 30 };

// Two bars are not two walls.
function slim(series) {
  return series.map((each) => (each.type === "bar" ? { barMaxWidth: 48, ...each } : each));
}

function dressed(option) {
  const own = painted(option);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return {
    ...own,
    animation: !still && own.animation !== false,
    animationDuration: 300,
    color: own.color ?? Array.from({ length: 8 }, (_, index) => token(`series-${index + 1}`)),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: token("ink"), ...own.textStyle },
    // Names of axes are no part of what containLabel makes room for.
    grid: {
      left: 8,
      right: 24,
      top: own.legend && own.yAxis?.name ? 64 : 40,
      bottom: own.xAxis?.name ? 32 : 8,
      containLabel: true,
      ...own.grid,
    },
    legend: own.legend && { textStyle: { color: token("ink-2"), fontSize: 13 }, top: 0, left: 0, ...own.legend },
    ...(own.xAxis && { xAxis: axis(Array.isArray(own.xAxis) ? own.xAxis : { ...UNDER, ...own.xAxis }) }),
    ...(own.yAxis && { yAxis: axis(own.yAxis) }),
    ...(own.series && { series: slim(own.series) }),
    tooltip: {
      trigger: "axis",
      backgroundColor: token("surface"),
      borderColor: token("control"),
      textStyle: { color: token("ink"), fontSize: 13 },
      ...own.tooltip,
      // The HTML form of the tooltip writes style attributes, which the page's policy forbids.
      renderMode: "richText",
    },
    aria: { enabled: true, ...own.aria },
  };
}

function library(source) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.addEventListener("load", () => resolve(globalThis.echarts));
    script.addEventListener("error", reject);
    document.head.append(script);
  });
}

function draw(echarts, figure) {
  const source = document.getElementById(figure.dataset.chart);
  const canvas = figure.querySelector(".figure__canvas");
  const option = JSON.parse(source.textContent);
  canvas.dataset.drawn = "";
  const chart = echarts.init(canvas, null, { renderer: "svg" });
  const paint = () => chart.setOption(dressed(option), { notMerge: true });
  paint();
  figure.querySelector("[data-close-when-drawn]")?.removeAttribute("open");
  new ResizeObserver(() => chart.resize({ silent: true })).observe(canvas);
  new MutationObserver(paint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  addEventListener("beforeprint", () => figure.querySelector("details")?.setAttribute("open", ""));
}

const figures = [...document.querySelectorAll("[data-chart]")];
if (figures.length) {
  const echarts = await library(figures[0].dataset.echarts);
  for (const figure of figures) {
    draw(echarts, figure);
  }
}
