import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { describeWith } from '../../helpers/requirement.ts';
import { faultsOfApi, schemathesisRequirement } from '../../helpers/schemathesis.ts';
import { serve } from './desk-fixture.ts';

describeWith(schemathesisRequirement(), 'the API, called by its own document', () => {
  test('answers everything as the document says', async () => {
    const { api } = serve();
    const folder = mkdtempSync(join(tmpdir(), 'penstock-openapi-'));
    await api.listen({ host: '127.0.0.1', port: 0 });
    try {
      const { port } = api.server.address() as { readonly port: number };
      const url = `http://127.0.0.1:${port}`;
      const document = await (await fetch(`${url}/openapi.json`)).text();
      // A deadline that is drawn at random is mostly over, and 504 is then right: it is tried elsewhere.
      const file = join(folder, 'openapi.json');
      writeFileSync(file, document.replaceAll(/,?\{"name":"x-request-deadline-ms"[^}]*\}\}/g, ''));
      // What a payload must be stands in its task and not in the document: a job that fits the one may not fit the other.
      const options = ['--url', url, '--max-examples', '10', '--exclude-checks', 'positive_data_acceptance'];
      expect((await faultsOfApi(file, options)) ?? 'none').toBe('none');
    } finally {
      await api.close();
      rmSync(folder, { recursive: true });
    }
  }, 300_000);
});
