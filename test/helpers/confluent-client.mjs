// Uses a registry as an application does that knows Confluent's client alone, and prints what it saw as JSON.
// Usage: node confluent-client.mjs <package.json beside which the client is installed> <url of the registry>
import { createRequire } from 'node:module';

const [, , beside, url] = process.argv;
const require = createRequire(beside);
const sr = require('@confluentinc/schemaregistry');
const { create, createFileRegistry, createMutableRegistry, fromBinary } = require('@bufbuild/protobuf');
const { FileDescriptorProtoSchema } = require('@bufbuild/protobuf/wkt');

const client = sr.SchemaRegistryClient.newClient({ baseURLs: [url], maxRetries: 0 });
const VALUE = sr.SerdeType.VALUE;
const seen = {};

async function refused(call) {
  try {
    await call();
    return 'nothing';
  } catch (error) {
    return { status: error.status, errorCode: error.errorCode };
  }
}

// Avro
const order = (...fields) => ({
  schemaType: 'AVRO',
  schema: JSON.stringify({ type: 'record', name: 'Order', fields }),
});
const first = order({ name: 'id', type: 'string' });
const second = order({ name: 'id', type: 'string' }, { name: 'cents', type: 'long', default: 0 });
seen.id = await client.register('avro-value', first);
seen.same = await client.register('avro-value', first);
seen.bySchema = await client.getId('avro-value', first);
seen.compatible = await client.testSubjectCompatibility('avro-value', second);
seen.next = await client.register('avro-value', second);
seen.latest = (await client.getLatestSchemaMetadata('avro-value')).version;
seen.versions = await client.getAllVersions('avro-value');
seen.subjects = await client.getAllSubjects();
seen.refused = await refused(() => client.register('avro-value', order({ name: 'id', type: 'int' })));
seen.malformed = await refused(() => client.register('avro-value', { schemaType: 'AVRO', schema: '{' }));
seen.missing = await refused(() => client.getLatestSchemaMetadata('nobody'));
const avro = new sr.AvroSerializer(client, VALUE, { useLatestVersion: true });
seen.avro = (await avro.serialize('avro', { id: 'a', cents: 7 })).toString('base64');
seen.avroBack = await new sr.AvroDeserializer(client, VALUE, {}).deserialize('avro', Buffer.from(seen.avro, 'base64'));

// JSON Schema
const json = {
  schemaType: 'JSON',
  schema: JSON.stringify({
    type: 'object',
    properties: { id: { type: 'string' } },
    required: ['id'],
    additionalProperties: false,
  }),
};
await client.register('json-value', json);
const jsonSerializer = new sr.JsonSerializer(client, VALUE, { useLatestVersion: true, validate: true });
seen.json = (await jsonSerializer.serialize('json', { id: 'a' })).toString('base64');
seen.jsonBack = await new sr.JsonDeserializer(client, VALUE, { validate: true }).deserialize(
  'json',
  Buffer.from(seen.json, 'base64'),
);

// Protobuf, which the client sends as a descriptor
const proto = create(FileDescriptorProtoSchema, {
  name: 'shop.proto',
  package: 'shop',
  syntax: 'proto3',
  messageType: [
    {
      name: 'Order',
      field: [
        { name: 'id', jsonName: 'id', number: 1, label: 1, type: 9 },
        { name: 'unit_price', jsonName: 'unitPrice', number: 2, label: 1, type: 3 },
      ],
    },
  ],
});
const desc = createFileRegistry(proto, () => undefined).getMessage('shop.Order');
const registry = createMutableRegistry(desc);
const protobuf = new sr.ProtobufSerializer(client, VALUE, { autoRegisterSchemas: true, registry });
seen.protobuf = (await protobuf.serialize('protobuf', create(desc, { id: 'a', unitPrice: 7n }))).toString('base64');
const protobufBack = await new sr.ProtobufDeserializer(client, VALUE, {}).deserialize(
  'protobuf',
  Buffer.from(seen.protobuf, 'base64'),
);
seen.protobufBack = { type: protobufBack.$typeName, id: protobufBack.id, unitPrice: String(protobufBack.unitPrice) };
seen.descriptor = fromBinary(
  FileDescriptorProtoSchema,
  Buffer.from(
    (
      await client.getBySubjectAndId(
        'protobuf-value',
        (
          await client.getLatestSchemaMetadata('protobuf-value')
        ).id,
        'serialized',
      )
    ).schema,
    'base64',
  ),
).package;

// Levels and deletion
await client.updateCompatibility('avro-value', 'FULL');
seen.level = await client.getCompatibility('avro-value');
seen.deletedVersion = await client.deleteSubjectVersion('avro-value', 1);
seen.left = await client.getAllVersions('avro-value');
seen.deleted = await client.deleteSubject('json-value');
seen.gone = await client.deleteSubject('json-value', true);
process.stdout.write(JSON.stringify(seen));
