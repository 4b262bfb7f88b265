/** A project of Google Cloud: both of its names never change. */
export interface GoogleProject {
  /** e.g. `mailroom-prod`. */
  readonly id: string;
  /** Google's own name of it, a number: its service agents carry it. */
  readonly number: string;
}

interface AgentFacts {
  /** Domain of its account. */
  readonly domain: string;
  /** The API that makes the account when it is asked to; left out: made when the API is enabled. */
  readonly madeFor?: string;
}

const AGENTS = {
  'kubernetes-engine': { domain: 'container-engine-robot' },
  'compute-engine': { domain: 'compute-system' },
  'cloud-sql': { domain: 'gcp-sa-cloud-sql', madeFor: 'sqladmin.googleapis.com' },
  memorystore: { domain: 'gcp-sa-memorystore', madeFor: 'memorystore.googleapis.com' },
  'vertex-ai': { domain: 'gcp-sa-aiplatform', madeFor: 'aiplatform.googleapis.com' },
  'managed-kafka': { domain: 'gcp-sa-managedkafka', madeFor: 'managedkafka.googleapis.com' },
} as const satisfies Readonly<Record<string, AgentFacts>>;

/** A service of Google that acts for a project by an account of its own. */
export type ServiceAgent = keyof typeof AGENTS;

/** The API that has to be asked for the account of an agent; undefined where enabling it was asking. */
export const agentMadeFor = (agent: ServiceAgent): string | undefined => {
  const facts: AgentFacts = AGENTS[agent];
  return facts.madeFor;
};

/** A service agent as IAM knows it. */
export const serviceAgent = ({ number }: GoogleProject, agent: ServiceAgent): string =>
  `serviceAccount:service-${number}@${AGENTS[agent].domain}.iam.gserviceaccount.com`;
