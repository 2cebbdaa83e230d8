import type { Scenario } from './scenario.ts';
import { comingAndGoing } from './scenarios/churn.ts';
import { clientKilled } from './scenarios/client-killed.ts';
import { clientStopped } from './scenarios/client-stopped.ts';
import { gate } from './scenarios/gate.ts';
import { gatewayReplaced, gatewayReplacedSsh } from './scenarios/gateway-replaced.ts';
import { herd } from './scenarios/herd.ts';
import { mixedLoad } from './scenarios/mixed-load.ts';
import { networkCut } from './scenarios/network-cut.ts';

/** All ways in which the life of tunnels is disturbed, in the order of the report. */
export const scenarios: readonly Scenario[] = [
  clientKilled,
  gatewayReplaced,
  gatewayReplacedSsh,
  networkCut,
  clientStopped,
  gate,
  herd,
  comingAndGoing,
  mixedLoad,
];
