import { describe, expect, test } from '@jest/globals';
import { type AwsRequest, signedHeaders } from '../../../services/kit/src/engines/aws-signature.ts';

const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const SCOPE = { region: 'us-east-1', service: 'service' };
const AT = new Date('2015-08-30T12:36:00Z');
const signatureOf = (request: Partial<AwsRequest>, keys: typeof KEYS = KEYS): string | undefined =>
  /Signature=(\w+)$/.exec(
    signedHeaders(
      { method: 'GET', url: new URL('https://example.amazonaws.com/'), headers: {}, body: '', ...request },
      SCOPE,
      keys,
      AT,
    )['authorization'] ?? '',
  )?.[1];

describe('a signature', () => {
  // The results are those of the suite that AWS publishes for implementers of Signature Version 4.
  test.each([
    ['get-vanilla', {}, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['post-vanilla', { method: 'POST' }, '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'post-header-key-sort',
      { method: 'POST', headers: { 'my-header1': 'value1' } },
      'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
    ],
  ] as const)('is that of the published example %s', (_name, request, expected) => {
    expect(signatureOf(request)).toBe(expected);
  });

  test('names what it signs, and when', () => {
    const headers = signedHeaders(
      { method: 'POST', url: new URL('https://example.amazonaws.com/'), headers: { 'content-type': 'a' }, body: '' },
      SCOPE,
      { ...KEYS, sessionToken: 'token' },
      AT,
    );
    expect(headers).toMatchObject({ 'x-amz-date': '20150830T123600Z', 'x-amz-security-token': 'token' });
    expect(headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20150830\/us-east-1\/service\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=\w{64}$/,
    );
  });

  test('is another for every part of a request', () => {
    const url = (text: string) => ({ url: new URL(text) });
    const all = [
      signatureOf({}),
      signatureOf({ body: 'a' }),
      signatureOf({ headers: { a: 'b' } }),
      signatureOf(url('https://example.amazonaws.com/a')),
      signatureOf(url('https://example.amazonaws.com/a%3A0')),
      signatureOf(url('https://other.amazonaws.com/')),
      signatureOf({}, { ...KEYS, secretAccessKey: 'another' }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
