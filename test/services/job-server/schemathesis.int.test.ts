import { expect, test } from '@jest/globals';
import { describeWith } from '../../helpers/requirement.ts';
import { faultsOfApi, schemathesisRequirement } from '../../helpers/schemathesis.ts';
import { serve } from './desk-fixture.ts';

describeWith(schemathesisRequirement(), 'the API, called by its own document', () => {
  test('answers everything as the document says', async () => {
    const { api } = serve();
    await api.listen({ host: '127.0.0.1', port: 0 });
    try {
      const { port } = api.server.address() as { readonly port: number };
      // What a payload must be stands in its task and not in the document: a job that fits the one may not fit the other.
      const options = ['--max-examples', '10', '--exclude-checks', 'positive_data_acceptance'];
      const faults = await faultsOfApi(`http://127.0.0.1:${port}/openapi.json`, options);
      expect(faults ?? 'none').toBe('none');
    } finally {
      await api.close();
    }
  }, 300_000);
});
