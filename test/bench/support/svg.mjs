// Draws a chart to SVG text with ECharts, which does that without a browser or a native build. It is JavaScript, typed by
// the file beside it, because the types of ECharts need those of a browser, and this project's have none.

import { init } from 'echarts';

export function renderSvg(option, size) {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  chart.setOption({ animation: false, ...option });
  const text = chart.renderToSVGString();
  // Its clock would keep the process alive.
  chart.dispose();
  return text;
}
