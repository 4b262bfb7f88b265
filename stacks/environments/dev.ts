import type { KubernetesEnvironment } from './kubernetes-environment.ts';

/** For trying things out: the shape of prod, on smaller disks. */
export const dev: KubernetesEnvironment = {
  name: 'dev',
  namespace: 'mailroom-dev',
  images: {
    'mail-classifier': 'registry.example.com/penstock/mail-classifier:0.1.0',
    'inference-engine': 'registry.example.com/penstock/inference-engine:0.1.0',
  },
  weights: { embedder: 'registry.example.com/penstock/models/all-minilm-l6-v2:1.19.0-beta29' },
  nats: { existing: { namespace: 'nats', replicas: 3, syncInterval: 'periodic' } },
  streamSize: '1 GiB',
  effects: { storageClass: 'standard', size: '10 GiB' },
  monitoringNamespace: 'monitoring',
  traces: {
    image: 'registry.example.com/otel/opentelemetry-collector-contrib:0.159.0',
    kept: '1/s',
    backend: { kind: 'otlp', endpoint: 'http://tempo.tracing.svc.cluster.local:4318' },
    reaches: [
      {
        peer: { namespace: 'tracing', pods: { 'app.kubernetes.io/name': 'tempo' } },
        ports: [{ port: 4318, protocol: 'TCP' }],
      },
    ],
  },
  addresses: { classify: { PENSTOCK_CLASSIFIER: '/app/services/mail-classifier/classifiers/all-minilm-l6-v2.json' } },
};
