// Draws the charts of a report. The tables beside them have the same numbers.
(() => {
  'use strict';
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById('data').textContent);
  const charts = [];
  const count = new Intl.NumberFormat('en');
  const share = (part, whole) => whole ? (100 * part / whole).toFixed(2) + ' %' : '-';
  const short = text => text.length > 34 ? text.slice(0, 33) + '…' : text;

  function palette() {
    const style = getComputedStyle(root);
    const of = name => style.getPropertyValue('--' + name).trim();
    return { good: of('good'), fair: of('fair'), bad: of('bad'), unknown: of('unknown'),
             neutral: of('neutral'), text: of('text'), line: of('line') };
  }

  function draw(chart, colours) {
    const canvas = document.getElementById('chart-' + chart.id);
    const stacked = chart.series.length > 1;
    canvas.parentElement.style.height = chart.labels.length * 24 + (stacked ? 90 : 50) + 'px';
    charts.push(new Chart(canvas, {
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
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        plugins: {
          legend: { display: stacked, labels: { color: colours.text } },
          tooltip: { callbacks: {
            label: item => {
              const whole = chart.wholes[item.dataIndex];
              const name = stacked ? item.dataset.label + ': ' : '';
              return name + count.format(item.raw) + ' of ' + count.format(whole) + ', ' +
                share(item.raw, whole);
            },
          } },
        },
        scales: {
          x: { beginAtZero: true, stacked, ticks: { color: colours.text, maxTicksLimit: 6, precision: 0 },
               grid: { color: colours.line } },
          y: { stacked, grid: { display: false },
               ticks: { color: colours.text, autoSkip: false, callback: i => short(chart.labels[i]) } },
        },
      },
    }));
  }

  function drawAll() {
    for (const chart of charts.splice(0)) chart.destroy();
    const colours = palette();
    for (const chart of data.charts) draw(chart, colours);
    root.dataset.charts = String(charts.length);
  }

  root.classList.add('js');
  drawAll();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  addEventListener('beforeprint', () => { root.classList.add('print'); drawAll(); });
  addEventListener('afterprint', () => { root.classList.remove('print'); drawAll(); });
})();
