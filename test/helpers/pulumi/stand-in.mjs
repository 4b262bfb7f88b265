// What the stand-ins for providers have in common, for the real engine of Pulumi: no cloud and no cluster is called. They
// know the arguments of each resource by the declarations of their packages and refuse others; they know no values,
// quotas or rules.
//   STAND_IN_LOG   a file: one JSON line for each resource that is made, changed or taken down
//   STAND_IN_FAIL  e.g. `create gcp:storage/bucket:Bucket`: that fails; with a name after the type, only the one of it
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Empty, PluginInfo, provider, Struct, serve } from './protocol.mjs';

export const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

const typeOf = (urn) => urn.split('::')[2].split('$').pop();
const nameOf = (urn) => urn.split('::').slice(3).join('::');
const fieldsOf = (struct) => struct?.toJavaScript() ?? {};

/** Names of the arguments and of the outputs of a resource that are texts, as a declaration file states them. */
export function readDeclaration(file, name) {
  const text = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
  const inside = (head) => new RegExp(`${head} [^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(text)?.[1] ?? '';
  const args = [...inside(`interface ${name}Args`).matchAll(/^ {4}(\w+)(\??):/gm)];
  const outputs = [...inside(`class ${name}`).matchAll(/^ {4}readonly (\w+): pulumi\.Output<string>/gm)];
  return {
    args: args.map(([, field]) => field),
    required: args.filter(([, , optional]) => optional === '').map(([, field]) => field),
    outputs: outputs.map(([, field]) => field),
  };
}

/** Writes down what happens; true when it shall fail. */
function happens(act, urn) {
  const failing = process.env.STAND_IN_FAIL;
  const failed = failing === `${act} ${typeOf(urn)}` || failing === `${act} ${typeOf(urn)} ${nameOf(urn)}`;
  if (process.env.STAND_IN_LOG !== undefined)
    appendFileSync(
      process.env.STAND_IN_LOG,
      `${JSON.stringify({ act, type: typeOf(urn), name: nameOf(urn), failed })}\n`,
    );
  return failed;
}

const asked = (act, urn) => ({ code: 2, details: `${act} of ${typeOf(urn)} fails because the test asks for it` });

/**
 * `folder`: that of the package. `declarationOf(type)`: undefined for a type it has not. `replaces(field, old, new)`: true
 * where the real one makes the resource anew. `answered(type, name, inputs, preview)`: outputs beside the inputs.
 */
export function standIn({ folder, declarationOf, replaces, answered, idOf = (name) => `${name}-id` }) {
  const outputsOf = (urn, inputs, preview) => {
    const { id, ...outputs } = { ...inputs, ...answered(typeOf(urn), nameOf(urn), inputs, preview) };
    return Struct.fromJavaScript(outputs);
  };
  serve(provider.ResourceProviderService, {
    handshake: (_call, answer) => {
      const response = new provider.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      answer(null, response);
    },
    checkConfig: ({ request }, answer) => {
      const response = new provider.CheckResponse();
      response.setInputs(request.getNews());
      answer(null, response);
    },
    diffConfig: (_call, answer) => answer(null, new provider.DiffResponse()),
    configure: (_call, answer) => {
      const response = new provider.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      answer(null, response);
    },
    check: ({ request }, answer) => {
      const type = typeOf(request.getUrn());
      const inputs = fieldsOf(request.getNews());
      const declared = declarationOf(type);
      const faults =
        declared === undefined
          ? [['', 'is no resource of the package']]
          : [
              ...Object.keys(inputs)
                .filter((field) => !field.startsWith('__') && declared.args?.includes(field) === false)
                .map((field) => [field, 'is no argument']),
              ...declared.required.filter((field) => !(field in inputs)).map((field) => [field, 'is required']),
            ];
      const response = new provider.CheckResponse();
      response.setInputs(request.getNews());
      for (const [property, reason] of faults) {
        const failure = new provider.CheckFailure();
        failure.setProperty(property);
        failure.setReason(`${type} ${property} ${reason}`);
        response.addFailures(failure);
      }
      answer(null, response);
    },
    diff: ({ request }, answer) => {
      const olds = fieldsOf(request.getOldInputs());
      const news = fieldsOf(request.getNews());
      const ignored = request.getIgnorechangesList();
      const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
        (field) => !ignored.includes(field) && JSON.stringify(olds[field]) !== JSON.stringify(news[field]),
      );
      const response = new provider.DiffResponse();
      const { DIFF_SOME, DIFF_NONE } = provider.DiffResponse.DiffChanges;
      response.setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE);
      response.setDiffsList(changed);
      response.setReplacesList(changed.filter((field) => replaces(field, olds[field], news[field])));
      answer(null, response);
    },
    create: ({ request }, answer) => {
      const urn = request.getUrn();
      if (!request.getPreview() && happens('create', urn)) return answer(asked('create', urn));
      const inputs = fieldsOf(request.getProperties());
      const response = new provider.CreateResponse();
      if (!request.getPreview()) response.setId(idOf(nameOf(urn), inputs));
      response.setProperties(outputsOf(urn, inputs, request.getPreview()));
      return answer(null, response);
    },
    read: ({ request }, answer) => {
      const response = new provider.ReadResponse();
      response.setId(request.getId());
      response.setProperties(request.getProperties());
      response.setInputs(request.getInputs());
      answer(null, response);
    },
    update: ({ request }, answer) => {
      const urn = request.getUrn();
      if (!request.getPreview() && happens('update', urn)) return answer(asked('update', urn));
      const response = new provider.UpdateResponse();
      response.setProperties(outputsOf(urn, fieldsOf(request.getNews()), request.getPreview()));
      return answer(null, response);
    },
    delete: ({ request }, answer) =>
      happens('delete', request.getUrn()) ? answer(asked('delete', request.getUrn())) : answer(null, new Empty()),
    invoke: ({ request }, answer) => {
      const response = new provider.InvokeResponse();
      response.setReturn(request.getArgs());
      answer(null, response);
    },
    getPluginInfo: (_call, answer) => {
      const info = new PluginInfo();
      info.setVersion(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version);
      answer(null, info);
    },
    getSchema: (_call, answer) => answer(null, new provider.GetSchemaResponse()),
    attach: (_call, answer) => answer(null, new Empty()),
    cancel: (_call, answer) => answer(null, new Empty()),
  });
}
