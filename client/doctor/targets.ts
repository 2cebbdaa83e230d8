import { connectLocal, type LocalConnection } from '../local-socket.ts';
import { formatTarget, type Offer, offerName } from '../target.ts';
import { type Check, failed, fine, type Verdict } from './check.ts';

const timeoutMs = 3000;

/** One check for each service on this machine. */
export function targetChecks(offers: readonly Offer[]): Check[] {
  return offers.map((offer) => ({
    name: `target ${offerName(offer) || 'default'}`,
    needs: [],
    run: async () => {
      const local = await connectLocal(offer.target, timeoutMs);
      if (local.kind === 'connected') local.socket.destroy();
      return judgeTarget(offer, local);
    },
  }));
}

export function judgeTarget(offer: Offer, local: LocalConnection): Verdict {
  const where = formatTarget(offer.target);
  if (local.kind === 'connected') return fine(`${where} listens`);
  switch (local.code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return failed(`nothing listens on ${where}`, 'start the service, or correct the target; the URL stays');
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failed(`${where}: there is no such host`, 'correct the target');
    case 'EACCES':
      return failed(
        `${where} may not be opened by you`,
        'run as a user who may, or open the socket to this one',
      );
    default:
      return failed(
        `${where} cannot be reached: ${local.problem}`,
        'check the address and the firewall of this machine',
      );
  }
}
