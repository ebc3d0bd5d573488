import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';

export type Metrics = {
  registry: Registry;
  requests: Histogram<'route' | 'status'>;
  signIns: Counter<'outcome'>;
};

/** Numbers for Prometheus; labels never name a person or a community. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'trousseau_' });
  return {
    registry,
    requests: new Histogram({
      name: 'trousseau_http_request_seconds',
      help: 'Duration of HTTP requests by kind of route and status class',
      labelNames: ['route', 'status'],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 3, 10],
      registers: [registry],
    }),
    signIns: new Counter({
      name: 'trousseau_sign_ins_total',
      help: 'Password sign-ins by outcome',
      labelNames: ['outcome'],
      registers: [registry],
    }),
  };
}
