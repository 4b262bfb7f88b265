import { KitError } from '../errors.ts';
import { AwsFrontDoor, type AwsProtocolOptions } from './aws-front-door.ts';
import type { EngineProtocol } from './protocol.ts';

const ENDPOINT = /^\/regions\/(?<region>[a-z0-9-]+)\/endpoints\/(?<endpoint>[A-Za-z0-9-]+)$/;

/**
 * An endpoint of SageMaker that answers at once, by `InvokeEndpoint`: the body goes as it is to the one route that its
 * container has, and the answer comes back as it is. SageMaker hands no header on but one, in which those of the call go
 * together, as a form: who reads it knows deadline and trace.
 *
 * @throws {KitError} `address-malformed`
 */
export function sagemakerProtocol(address: URL, options: AwsProtocolOptions = {}): EngineProtocol {
  const { host, pathname, searchParams } = address;
  const { region, endpoint } = ENDPOINT.exec(pathname)?.groups ?? {};
  const component = searchParams.get('component');
  if (host === '' || region === undefined || [...searchParams.keys()].some((key) => key !== 'component'))
    throw new KitError(
      'address-malformed',
      `engine address: received ${address.href}, expected sagemaker://host/regions/<r>/endpoints/<e>, with component=<name> for one with copies`,
    );
  const door = new AwsFrontDoor({ host, region, service: 'sagemaker' }, options);
  return {
    place: `${host}${pathname}`,
    send({ body, headers: { 'content-type': type = 'application/json', ...others }, signal }) {
      const headers = {
        'content-type': type,
        'x-amzn-sagemaker-custom-attributes': new URLSearchParams(others).toString(),
        ...(component === null ? {} : { 'x-amzn-sagemaker-inference-component': component }),
      };
      return door.send(`/endpoints/${endpoint}/invocations`, { body, headers, signal });
    },
  };
}
