/** Fields that no policy misses, and why nobody would: each group is one answer to "what if it were gone?". */
export interface Group {
  readonly because: string;
  /** Of `Kind path`, the steps of the path parted by slashes, list positions written as `*`. */
  readonly fields: readonly RegExp[];
}

/** Proved by the schemas themselves, in refused.test.ts. */
export const REFUSED: Group = {
  because: 'the API server refuses the object without it',
  fields: [
    /[cC]ontainers\/\*\/(name|ports\/\*\/containerPort|env\/\*\/name|volumeMounts\/\*\/(name|mountPath))$/,
    /(livenessProbe|readinessProbe|startupProbe)\/(httpGet|tcpSocket)\/port$/,
    /^\w+ spec\/.*volumes\/\*\/name$/,
    /preferredDuringSchedulingIgnoredDuringExecution\/\*\/weight$/,
    /^CronJob spec\/schedule$/,
    /^Kafka spec\/kafka\/(listeners\/\*\/(name|port|type)|metricsConfig\/type)$/,
    /^KafkaUser spec\/authorization\/(type|acls\/\*\/resource\/type)$/,
    /^NodePool spec\/disruption\/(consolidateAfter|budgets\/\*\/nodes)$/,
    /^NodePool spec\/template\/spec\/(nodeClassRef\/\w+|requirements\/\*\/(key|operator))$/,
    /^Service spec\/ports\/\*\/port$/,
    /^Scaled(Object|Job) spec\/(scaleTargetRef\/name|triggers\/\*\/type)$/,
    /^ScaledObject .*scale(Up|Down)\/policies\/\*\/(type|value|periodSeconds)$/,
    /^TriggerAuthentication spec\/secretTargetRef\/\*\/(parameter|name|key)$/,
    /^PrometheusRule spec\/groups\/\*\/(name|rules\/\*\/expr)$/,
    /^\w+ spec\/.*claimName$/,
    /fieldRef\/fieldPath$/,
    /^Certificate spec\/(secretName|issuerRef\/name)$/,
    /^ExternalSecret spec\/data\/\*\/(secretKey|remoteRef\/key)$/,
    /^ClusterQueue spec\/resourceGroups\/\*\/flavors\/\*\/(name|resources\/\*\/(name|nominalQuota))$/,
    /^ResourceFlavor spec\/nodeTaints\/\*\/(key|effect)$/,
    /^ScheduledBackup spec\/schedule$/,
    /^Cluster spec\/(managed\/roles\/\*\/name|postgresql\/synchronous\/method)$/,
    /^RabbitmqCluster .*template\/spec\/containers$/,
  ],
};

export const NOT_SAFETY: readonly Group[] = [
  {
    because: 'a label or an annotation for people and queries: nothing selects by it alone',
    fields: [
      /^\w+ metadata\/(labels|annotations)\/(app\.kubernetes\.io|penstock\.dev)\//,
      /^\w+ spec\/template\/metadata\/(labels|annotations)\/(app\.kubernetes\.io|penstock\.dev)\//,
      /^ConfigMap metadata\/labels\/grafana_dashboard$/,
    ],
  },
  REFUSED,
  {
    because:
      'what the schema leaves open, the validation behind it or the controller refuses, or less is allowed or made',
    fields: [
      /^PersistentVolumeClaim spec\/(accessModes|resources)\//,
      /restartPolicy$/,
      /^KafkaNodePool spec\/storage\/volumes\/\*\/(id|size)$/,
      /^EC2NodeClass spec\/(role|(subnet|securityGroup)SelectorTerms\/.*|blockDeviceMappings\/.*)$/,
      /^StatefulSet spec\/volumeClaimTemplates\/\*\/(metadata\/name|spec\/(accessModes|resources)\/.*)$/,
      /volumes\/\*\/secret\/secretName$/,
      /^KafkaUser spec\/authorization\/acls\/\*\/operations\/\*$/,
      /^NodePool spec\/template\/spec\/requirements\/\*\/values\/\*$/,
      /^EC2NodeClass spec\/(capacityReservationSelectorTerms\/.*|userData)$/,
      /^ClusterQueue spec\/(cohortName|resourceGroups\/\*\/coveredResources\/\*)$/,
      /^Cluster spec\/postgresql\/pg_hba\/\*$/,
      /^PrometheusRule spec\/groups\/\*\/rules\/\*\/(alert|record)$/,
    ],
  },
  {
    because: 'what is left out is what stands there: the default of the API',
    fields: [
      /^NetworkPolicy spec\/(ingress|egress|podSelector)$/,
      /^NetworkPolicy .*ports\/\*\/protocol$/,
      /^Service spec\/type$/,
      /^StatefulSet spec\/(persistentVolumeClaimRetentionPolicy\/\w+|updateStrategy\/type)$/,
      /volumes\/\*\/secret\/defaultMode$/,
      /^Certificate spec\/(issuerRef\/group|privateKey\/\w+)$/,
      /^ExternalSecret spec\/(refreshInterval|target\/\w+)$/,
      /^RabbitmqCluster spec\/service\/type$/,
      /^Deployment spec\/strategy\/type$/,
      /securityContext\/privileged$/,
      /volumeMounts\/\*\/readOnly$/,
      /image\/pullPolicy$/,
      /^Stream spec\/retention$/,
      /^Consumer spec\/(deliverPolicy|replayPolicy)$/,
      /^KafkaNodePool .*\/deleteClaim$/,
      /^KafkaUser .*\/patternType$/,
      /^Kafka spec\/kafka\/config\/compression\.type$/,
      /^Kafka(Topic)? spec\/(kafka\/)?config\/unclean\.leader\.election\.enable$/,
      /^KafkaTopic spec\/(topicName|config\/cleanup\.policy)$/,
      /^(NodePool|ResourceFlavor) .*[tT]aints\/\*\/value$/,
      /^EC2NodeClass spec\/metadataOptions\/(httpEndpoint|httpProtocolIPv6)$/,
      /^ClusterQueue spec\/(queueingStrategy|preemption\/.*)$/,
      /^ScaledObject spec\/triggers\/\*\/(metricType|metadata\/(activationLagThreshold|activationValue|protocol|useHttps))$/,
      /^ScaledObject .*scaleUp\/stabilizationWindowSeconds$/,
    ],
  },
  {
    because: 'nothing starts, connects or scales without it, and says so at once',
    fields: [
      /containers\/\*\/env\/\*\/value$/,
      /securityContext\/fsGroup$/,
      /^\w+ spec\/.*ports\/\*\/(name|targetPort)$/,
      /^Stream spec\/(name|allowDirect|allowMsgTtl|maxMsgsPerSubject)$/,
      /storageClassName$/,
      /^StatefulSet spec\/podManagementPolicy$/,
      /^Service spec\/publishNotReadyAddresses$/,
      /^Certificate spec\/(dnsNames|usages)\/\*$/,
      /^Certificate spec\/issuerRef\/kind$/,
      /^ExternalSecret spec\/secretStoreRef\//,
      /^Account spec\//,
      /^(Stream|Consumer) spec\/account$/,
      /^Stream spec\/subjects\/\*$/,
      /^Service spec\/(clusterIP|selector\/app\.kubernetes\.io\/name)$/,
      /^Scaled(Object|Job) spec\/triggers\/\*\/(authenticationRef\/name|metadata\/(bootstrapServers|consumerGroup|serverAddress|query|threshold|address|enableTLS|stream|host|vhostName|queueName|mode|value))$/,
      /[cC]ontainers\/\*\/(args|lifecycle\/preStop\/exec\/command)\/\*$/,
      /^Kafka(NodePool)? .*\/tmpDirSizeLimit$/,
      /^KafkaNodePool .*\/class$/,
      /^KafkaNodePool .*\/kraftMetadata$/,
      /tolerations\/\*\/effect$/,
      /^NodePool spec\/template\/metadata\/labels\/nvidia\.com\//,
      /^LocalQueue spec\/clusterQueue$/,
    ],
  },
  {
    because: 'it narrows a peer within one named namespace and port, or tells two platforms in one namespace apart',
    fields: [
      /^NetworkPolicy .*(to|from)\/\*\/podSelector\/matchLabels\//,
      /^NetworkPolicy spec\/podSelector\/matchLabels\/app\.kubernetes\.io\/(part-of|instance|name)$/,
      /^Service spec\/selector\/app\.kubernetes\.io\/(part-of|instance)$/,
    ],
  },
  {
    because: 'it bounds one service in favour of the others: without it nothing is lost and nobody let in',
    fields: [/^KafkaUser spec\/quotas\//],
  },
  {
    because: 'it makes a start, a rollout or a look faster or tidier, and breaks nothing where it is missing',
    fields: [
      /revisionHistoryLimit$/,
      /imagePullPolicy$/,
      /enableServiceLinks$/,
      /fsGroupChangePolicy$/,
      /topologySpreadConstraints\/\*\/matchLabelKeys\/\*$/,
      /^Service spec\/ports\/\*\/appProtocol$/,
      /^ScaledObject spec\/triggers\/\*\/metadata\/activationThreshold$/,
    ],
  },
  {
    because: 'pods name their own nodes beside the queue, and what a queue lends is between those who share',
    fields: [/^ResourceFlavor spec\/nodeLabels\/penstock\.dev\/gpu-sharing$/, /^ClusterQueue spec\/.*\/lendingLimit$/],
  },
  {
    because: 'what is scraped and shown is held by the tests of monitoring, series by series',
    fields: [
      /^(PodMonitor|ServiceMonitor) spec\//,
      /^PrometheusRule spec\/groups\/\*\/(interval|rules\/\*\/(for|labels\/\w+|annotations\/(description|runbook_url)))$/,
      /^ConfigMap data\//,
    ],
  },
];
