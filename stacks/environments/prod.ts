import type { KubernetesEnvironment } from './kubernetes-environment.ts';

/** Where the promise is kept. */
export const prod: KubernetesEnvironment = {
  name: 'prod',
  namespace: 'mailroom',
  images: {
    'mail-classifier': 'registry.example.com/penstock/mail-classifier:0.1.0',
    'inference-engine': 'registry.example.com/penstock/inference-engine:0.1.0',
  },
  weights: { embedder: 'registry.example.com/penstock/models/all-minilm-l6-v2:1.19.0-beta29' },
  nats: {
    cluster: {
      namespace: 'mailroom-nats',
      servers: 3,
      durability: 'replicated',
      images: {
        server: 'registry.example.com/nats/nats:2.15.1-alpine',
        exporter: 'registry.example.com/nats/prometheus-nats-exporter:0.17.3',
        reloader: 'registry.example.com/nats/nats-server-config-reloader:0.23.0',
      },
      storage: { storageClass: 'standard', size: '120 GiB' },
      resources: { cpu: 1, memory: '2 GiB' },
      issuer: { name: 'internal', kind: 'ClusterIssuer' },
      secrets: { store: { name: 'platform', kind: 'ClusterSecretStore' }, authority: 'internal-authority' },
      operator: {
        namespace: 'nats',
        publicKey: 'UDC52IN3VFU7WMXD5QJYIYRTJQ4MNWCLDJ4YO26OSLOTK5VRZMO3QJTA',
        seed: 'mailroom/nats/operator',
      },
      clients: {
        classify: {
          publicKey: 'UC735XOWQXWMU2S5TX5ECUJVX2SE5J7OS6CS7Y7O5CSSPKZPNHD3G7HH',
          seed: 'mailroom/nats/classify',
        },
      },
      publishers: [
        {
          namespace: 'intake',
          publicKey: 'UAM2PER5L6UDANKITC3IBPVVVDX5NZ3SV4EYS4DAVXPWSMHX2NHTT24X',
          queues: ['mails'],
        },
      ],
    },
  },
  streamSize: '50 GiB',
  effects: { storageClass: 'standard', size: '50 GiB' },
  monitoringNamespace: 'monitoring',
  traces: {
    image: 'registry.example.com/otel/opentelemetry-collector-contrib:0.159.0',
    kept: '5/s',
    backend: { kind: 'otlp', endpoint: 'http://tempo.tracing.svc.cluster.local:4318' },
    reaches: [
      {
        peer: { namespace: 'tracing', pods: { 'app.kubernetes.io/name': 'tempo' } },
        ports: [{ port: 4318, protocol: 'TCP' }],
      },
    ],
  },
  // The operator gives this name to every Prometheus it runs.
  prometheus: 'http://prometheus-operated.monitoring.svc.cluster.local:9090',
  runbooks: 'https://docs.example.com/penstock/alerts',
  addresses: { classify: { PENSTOCK_CLASSIFIER: '/app/services/mail-classifier/classifiers/all-minilm-l6-v2.json' } },
};
