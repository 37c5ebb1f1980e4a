/** `option`: what ECharts takes. Resolves nothing, waits for nothing. */
export function renderSvg(option: object, size: { readonly width: number; readonly height: number }): string;
