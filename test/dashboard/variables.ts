// What the reader of the dashboard chooses at its top.

export const DATASOURCE = { type: 'prometheus', uid: '$datasource' } as const;

/** Selects the series of the clusters chosen, and those of the sidecars chosen. */
export const CLUSTER = 'job=~"$job", cluster=~"$cluster"';
export const JOB = 'job=~"$job"';

export function variables(): object[] {
  return [
    { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', hide: 0 },
    labelValues('job', 'Job', 'label_values(sluice_build_info, job)'),
    labelValues('cluster', 'Cluster', 'label_values(sluice_requests_total{job=~"$job"}, cluster)'),
  ];
}

function labelValues(name: string, label: string, query: string): object {
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: `variable-${name}` },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    // Fallbacks are clusters without requests of their own: "All" has to mean them too.
    allValue: '.*',
    current: { text: ['All'], value: ['$__all'] },
    hide: 0,
  };
}
