import type { KubernetesEnvironment } from './kubernetes-environment.ts';

/** Where the promise is kept. */
export const prod: KubernetesEnvironment = {
  name: 'prod',
  namespace: 'mailroom',
  images: {
    'task-queue': 'registry.example.com/penstock/task-queue:0.1.0',
    'inference-engine': 'registry.example.com/penstock/inference-engine:0.1.0',
  },
  weights: { embedder: 'registry.example.com/penstock/models/all-minilm-l6-v2:1.19.0-beta29' },
  nats: { namespace: 'nats', replicas: 3, syncInterval: 'periodic' },
  streamSize: '50 GiB',
  effects: { storageClass: 'standard', size: '50 GiB' },
  monitoringNamespace: 'monitoring',
  // The operator gives this name to every Prometheus it runs.
  prometheus: 'http://prometheus-operated.monitoring.svc.cluster.local:9090',
  runbooks: 'https://docs.example.com/penstock/alerts',
  addresses: { classify: { PENSTOCK_CLASSIFIER: '/app/services/task-queue/classifiers/all-minilm-l6-v2.json' } },
};
