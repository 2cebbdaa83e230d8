import t from 'tap';
import { ProviderClients } from '../../../../server/login/providers/provider-clients.ts';
import { settings } from './people.ts';

t.test('one client for each provider, as it is now', async (t) => {
  const clients = new ProviderClients({ redirectUri: 'https://preview.example.com/x', now: Date.now });
  const google = settings();
  t.equal(clients.clientOf(google), clients.clientOf(google));
  t.not(clients.clientOf(settings()), clients.clientOf(google));
});
