import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ArtifactStore } from '../../constructs/aws/artifact-store.ts';
import { synthesizeAws } from '../../stacks/aws/synthesize.ts';
import { platform } from '../../stacks/platform.ts';
import { golden, normalisedYaml } from '../helpers/snapshot.ts';

const stack = new Stack(new App(), 'test');
new ArtifactStore(stack, 'Artifacts', { topology: platform });
const template = Template.fromStack(stack);

const REPOSITORIES = ['mailroom/inference-engine', 'mailroom/mail-classifier', 'mailroom/models/all-minilm-l6-v2'];

describe('the artifacts of a platform on AWS', () => {
  test('are a repository for each service and model, and one bucket', () => {
    const repositories = Object.values(template.findResources('AWS::ECR::Repository'));
    const names = repositories.map(
      (each) => (each as { Properties: { RepositoryName: string } }).Properties.RepositoryName,
    );
    expect(names.toSorted()).toEqual(REPOSITORIES);
    template.resourceCountIs('AWS::S3::Bucket', 1);
  });

  test('have image tags that never move, scanned on push and encrypted', () => {
    template.allResourcesProperties('AWS::ECR::Repository', {
      ImageTagMutability: 'IMMUTABLE',
      ImageScanningConfiguration: { ScanOnPush: true },
      EncryptionConfiguration: { EncryptionType: 'KMS' },
      LifecyclePolicy: {
        LifecyclePolicyText: Match.serializedJson(
          Match.objectLike({
            rules: [Match.objectLike({ selection: Match.objectLike({ tagStatus: 'untagged', countNumber: 14 }) })],
          }),
        ),
      },
    });
  });

  test('have a bucket that keeps old versions, nobody outside can read, and nothing but TLS reaches', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      }),
    });
  });

  test('outlive their stack', () => {
    template.allResources('AWS::ECR::Repository', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    template.allResources('AWS::S3::Bucket', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('say where the weights of a revision go', () => {
    template.hasOutput('*', {
      Value: { 'Fn::Join': ['', ['s3://', Match.anyValue(), '/all-minilm-l6-v2/1.19.0-beta29/']] },
    });
  });

  test('are what was reviewed last', () => {
    const text = normalisedYaml(Object.values(synthesizeAws(platform, [])));
    expect(text).toBe(golden('aws-artifacts.yaml', text));
  });
});
