import { ArnFormat, Stack } from 'aws-cdk-lib';
import { CfnGuardrail, CfnGuardrailVersion } from 'aws-cdk-lib/aws-bedrock';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import { physicalName } from './physical-name.ts';
import { WorkloadGrant } from './workload-grant.ts';

const HARMS = ['HATE', 'INSULTS', 'SEXUAL', 'VIOLENCE', 'MISCONDUCT'] as const;

export type GuardrailStrength = 'LOW' | 'MEDIUM' | 'HIGH';

/** What is neither asked nor answered. */
export interface GuardrailProps {
  readonly name: string;
  readonly key: IKey;
  readonly strength: GuardrailStrength;
  /** Said instead of an answer. */
  readonly refusal: string;
  /** Data about people that is blanked out in what goes in and comes out. @default - none */
  readonly anonymised?: readonly ('ADDRESS' | 'CREDIT_DEBIT_CARD_NUMBER' | 'EMAIL' | 'NAME' | 'PHONE')[];
}

/** A model of Bedrock in this region, or a profile that spreads its requests over several. */
export type BedrockModel =
  | { readonly model: string }
  | {
      /** e.g. `eu.anthropic.claude-sonnet-4-5-20250929-v1:0`. */
      readonly profile: string;
      readonly model: string;
      /** Every region that the profile may send to: it needs a right in each. */
      readonly regions: readonly [string, ...string[]];
    };

export interface BedrockAccessProps {
  readonly models: readonly [BedrockModel, ...BedrockModel[]];
  /** @default - what the model refuses by itself */
  readonly guardrail?: GuardrailProps;
}

/** Models that somebody else runs, behind the declaration of an engine: named ones, and through a guardrail where there is one. */
export class BedrockAccess extends Construct {
  readonly nodes: { readonly guardrail: CfnGuardrail | undefined; readonly version: CfnGuardrailVersion | undefined };
  /** What callers pass with every request. */
  readonly guardrail: { readonly id: Binding<string>; readonly version: Binding<string> } | undefined;
  readonly #models: readonly BedrockModel[];

  /** @throws {ConstructError} `reference-missing` for a model or profile that is a pattern or empty */
  constructor(scope: Construct, id: string, { models, guardrail }: BedrockAccessProps) {
    for (const each of models) for (const text of Object.values(each).flat()) named(text);
    const name = guardrail === undefined ? undefined : physicalName('guardrail', guardrail.name);

    super(scope, id);
    this.#models = models;
    if (guardrail === undefined || name === undefined) {
      this.nodes = { guardrail: undefined, version: undefined };
      this.guardrail = undefined;
      return;
    }
    const { strength, refusal, key } = guardrail;
    const anonymised = (guardrail.anonymised ?? []).map((type) => ({ type, action: 'ANONYMIZE' }));
    const rail = new CfnGuardrail(this, 'Guardrail', {
      name,
      kmsKeyArn: key.keyArn,
      blockedInputMessaging: refusal,
      blockedOutputsMessaging: refusal,
      contentPolicyConfig: {
        filtersConfig: [
          ...HARMS.map((type) => ({ type, inputStrength: strength, outputStrength: strength })),
          // An attack comes in and never goes out: Bedrock wants it said.
          { type: 'PROMPT_ATTACK', inputStrength: strength, outputStrength: 'NONE' },
        ],
      },
      ...(anonymised.length === 0 ? {} : { sensitiveInformationPolicyConfig: { piiEntitiesConfig: anonymised } }),
    });
    const version = new CfnGuardrailVersion(this, 'Version', { guardrailIdentifier: rail.attrGuardrailId });
    this.nodes = { guardrail: rail, version };
    this.guardrail = { id: Binding.of(rail.attrGuardrailId), version: Binding.of(version.attrVersion) };
  }

  /** The right to ask these models and no others. With a guardrail, asking without it is refused. */
  access(): WorkloadGrant {
    const rail = this.nodes.guardrail;
    return WorkloadGrant.askModels({
      models: this.#models.flatMap((each) => modelArns(Stack.of(this), each)),
      guardrail: rail === undefined ? undefined : { arn: rail.attrGuardrailArn, keyArn: rail.kmsKeyArn as string },
    });
  }
}

/** What a request names: the profile where there is one. */
export const askedName = (each: BedrockModel): string => ('profile' in each ? each.profile : each.model);

/** What has to be named in a right to ask a model: itself, in every region that its profile sends to. */
export function modelArns(stack: Stack, each: BedrockModel): readonly string[] {
  const arn = (resource: string, resourceName: string, region: string, account: string): string =>
    stack.formatArn({
      service: 'bedrock',
      resource,
      resourceName,
      region,
      account,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  const inRegion = (region: string): string => arn('foundation-model', each.model, region, '');
  return 'profile' in each
    ? [arn('inference-profile', each.profile, stack.region, stack.account), ...each.regions.map(inRegion)]
    : [inRegion(stack.region)];
}

function named(text: string): void {
  if (text === '' || text.includes('*'))
    throw new ConstructError('reference-missing', `Bedrock model ${JSON.stringify(text)}`, 'expected the id of one');
}
