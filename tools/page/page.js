// Draws the charts of a page. The tables beside them have the same numbers.
//
// A chart: id, labels, series (name, values, and for bars a tone for each value), and
//   wholes   of what each label's values are parts; without them values are percentages
//   kind     'bars' (the default; several series are stacked, unless `beside`), or 'lines'
//   gaps     of lines: what is null stays open
//   marks    of lines: places that are bad
(() => {
  'use strict';
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById('data').textContent);
  const charts = [];
  let opened = [];
  const count = new Intl.NumberFormat('en');
  const share = (part, whole) => whole ? (100 * part / whole).toFixed(2) + ' %' : '-';
  const short = (text, most) => text.length > most ? text.slice(0, most - 1) + '…' : text;

  function palette() {
    const style = getComputedStyle(root);
    const of = name => style.getPropertyValue('--' + name).trim();
    return { good: of('good'), fair: of('fair'), bad: of('bad'), unknown: of('unknown'),
             neutral: of('neutral'), text: of('text'), line: of('line') };
  }

  // What a value is said to be when it is pointed at.
  function spoken(chart, item) {
    const name = chart.series.length > 1 ? item.dataset.label + ': ' : '';
    if (!chart.wholes) return name + item.raw.toFixed(2) + ' %';
    const whole = chart.wholes[item.dataIndex];
    return name + count.format(item.raw) + ' of ' + count.format(whole) + ', ' + share(item.raw, whole);
  }

  function bars(chart, colours, width) {
    const stacked = chart.series.length > 1 && !chart.beside;
    const place = { grid: { color: colours.line }, stacked,
                    ticks: { color: colours.text, maxTicksLimit: 6 } };
    if (chart.wholes) place.ticks.precision = 0;
    // Labels have half the width at most; wide letters take seven tenths of their height.
    const most = Math.max(12, Math.min(34, Math.floor(width / 2 / (.7 * Chart.defaults.font.size))));
    return {
      type: 'bar',
      data: {
        labels: chart.labels,
        datasets: chart.series.map(series => ({
          label: series.name,
          data: series.values,
          backgroundColor: series.tones.map(tone => colours[tone]),
          maxBarThickness: 18,
        })),
      },
      options: {
        indexAxis: 'y',
        scales: {
          x: { ...place, beginAtZero: true },
          y: { stacked, grid: { display: false },
               ticks: { color: colours.text, autoSkip: false, callback: i => short(chart.labels[i], most) } },
        },
      },
    };
  }

  // The first series is what was counted; others are its limits, and faint. Labels find room.
  function lines(chart, colours, width) {
    const most = Math.max(2, Math.floor(width / 130));
    const radius = Math.min(3, Math.max(1, width / chart.labels.length / 3));
    return {
      type: 'line',
      data: {
        labels: chart.labels,
        datasets: chart.series.map((series, i) => ({
          label: series.name,
          data: series.values,
          borderColor: i ? colours.line : colours.fair,
          backgroundColor: i ? colours.line : colours.fair,
          borderWidth: i ? 1 : Math.min(2, radius),
          pointRadius: i ? 0 : radius,
          pointBackgroundColor: series.values.map(
            (_, at) => (chart.marks || []).includes(at) ? colours.bad : colours.fair),
          pointBorderColor: series.values.map(
            (_, at) => (chart.marks || []).includes(at) ? colours.bad : colours.fair),
          spanGaps: !chart.gaps,
        })),
      },
      options: {
        scales: {
          x: { grid: { display: false }, ticks: { color: colours.text, maxRotation: 0, maxTicksLimit: most } },
          y: { grid: { color: colours.line }, ticks: { color: colours.text, maxTicksLimit: 6 } },
        },
      },
    };
  }

  // `scale`: of the page's letters to those of a screen; on paper they are smaller.
  function draw(chart, colours, scale) {
    const canvas = document.getElementById('chart-' + chart.id);
    const isBars = chart.kind !== 'lines';
    const several = chart.series.length > 1;
    const rows = chart.labels.length * (chart.beside ? 40 : 24);
    canvas.parentElement.style.height = scale * (isBars ? rows + (several ? 90 : 50) : 220) + 'px';
    const width = canvas.parentElement.clientWidth;
    const made = isBars ? bars(chart, colours, width) : lines(chart, colours, width);
    // For paper it is drawn once, in the size that it has now.
    const isPrint = root.classList.contains('print');
    if (isPrint) {
      canvas.width = width;
      canvas.height = canvas.parentElement.clientHeight;
    }
    Object.assign(made.options, {
      animation: false,
      responsive: !isPrint,
      maintainAspectRatio: false,
      plugins: {
        legend: { display: several && isBars, labels: { color: colours.text } },
        tooltip: { callbacks: { label: item => spoken(chart, item) } },
      },
    });
    charts.push(new Chart(canvas, made));
  }

  function drawAll() {
    for (const chart of charts.splice(0)) chart.destroy();
    const colours = palette();
    const scale = Math.max(.75, parseFloat(getComputedStyle(root).fontSize) / 16);
    Chart.defaults.font.size = 12 * scale;
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    for (const chart of data.charts) draw(chart, colours, scale);
    root.dataset.charts = String(charts.length);
  }

  root.classList.add('js');
  drawAll();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll('details:not([open])')];
    for (const details of opened) details.open = true;
    root.classList.add('print');
    drawAll();
  });
  addEventListener('afterprint', () => {
    for (const details of opened.splice(0)) details.open = false;
    root.classList.remove('print');
    drawAll();
  });
})();
