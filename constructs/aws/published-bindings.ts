import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { Binding } from '../binding.ts';

export interface PublishedBindingsProps {
  /** First part of every name, e.g. `/mailroom/prod`. */
  readonly prefix: string;
  readonly values: Readonly<Record<string, Binding<string>>>;
}

/**
 * Hands values to stacks that must not hold back this one. An export that is imported somewhere can never change its
 * value again; a parameter can, and whoever reads it has the new value after their next deployment.
 */
export class PublishedBindings extends Construct {
  readonly nodes: Readonly<Record<string, StringParameter>>;

  constructor(scope: Construct, id: string, { prefix, values }: PublishedBindingsProps) {
    super(scope, id);
    this.nodes = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        new StringParameter(this, name, { parameterName: `${prefix}/${name}`, stringValue: value.lower() }),
      ]),
    );
  }

  /** The value as it is when the stack of `scope` is deployed. Their stack has to be there before. */
  static read(scope: Construct, prefix: string, name: string): Binding<string> {
    return Binding.of(StringParameter.valueForStringParameter(scope, `${prefix}/${name}`));
  }
}
