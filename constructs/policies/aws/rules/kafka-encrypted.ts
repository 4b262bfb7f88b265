import type { TemplatePolicy } from '../policy.ts';
import { at, type TemplateResource } from '../template.ts';

const isExpress = (resource: TemplateResource): boolean =>
  String(at(resource, 'BrokerNodeGroupInfo.InstanceType')).startsWith('express.');

const UNNAMED = 'lets nobody in by a name that AWS or a certificate gives';

/** Rule 17. Express brokers have no logs to send. */
export const kafkaEncrypted: TemplatePolicy = {
  id: 'kafka-encrypted',
  rules: [17],
  source: 'cdk-nag MSK2, MSK3 and MSK6, trivy (msk)',
  reason: 'what is open beside the guarded listener is read by whoever is in the network, and nobody sees who it was',
  types: ['AWS::MSK::Cluster', 'AWS::MSK::ServerlessCluster'],
  check: (cluster) => {
    const named = at(cluster, 'ClientAuthentication.Sasl.Iam.Enabled') === true;
    if (cluster.Type === 'AWS::MSK::ServerlessCluster') return [!named && UNNAMED];
    const transit = 'EncryptionInfo.EncryptionInTransit';
    const clients = at(cluster, `${transit}.ClientBroker`);
    return [
      clients !== 'TLS' && `clients connect by ${clients ?? 'what Amazon defaults to'}, expected TLS`,
      at(cluster, `${transit}.InCluster`) !== true && 'brokers may talk to each other in plain text',
      at(cluster, 'EncryptionInfo.EncryptionAtRest.DataVolumeKMSKeyId') === undefined &&
        'has no key of its own at rest',
      at(cluster, 'ClientAuthentication.Unauthenticated.Enabled') !== false && 'does not shut out who has no name',
      !named && at(cluster, 'ClientAuthentication.Tls.Enabled') !== true && UNNAMED,
      !isExpress(cluster) &&
        ['CloudWatchLogs', 'S3', 'Firehose'].every(
          (sink) => at(cluster, `LoggingInfo.BrokerLogs.${sink}.Enabled`) !== true,
        ) &&
        'sends the logs of its brokers nowhere',
      at(cluster, 'BrokerNodeGroupInfo.ConnectivityInfo.PublicAccess.Type') === 'SERVICE_PROVIDED_EIPS' &&
        'has public addresses',
    ];
  },
};
