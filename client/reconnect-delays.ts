/** Delays from 250 ms to 8 s between attempts to connect: below the time for which a gateway holds requests for a tunnel that is about to be back. */
export const backoffMs = { initialMs: 500, maxMs: 8000 };
/** While an old connection still serves: its gateway may end any moment. */
export const moveBackoffMs = { initialMs: 250, maxMs: 2000 };
/** A connection that lasted so long makes the next delay short again. */
export const stableMs = 30_000;
