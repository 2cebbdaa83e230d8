const steps = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'min', ms: 60_000 },
] as const;

/** How long something takes, as a person says it: `12 s`, `5 min`, `3 h`, `2 d`. The clocks of two machines may differ. */
export function roughly(ms: number): string {
  const step = steps.find((each) => ms >= each.ms);
  return step === undefined
    ? `${Math.max(0, Math.floor(ms / 1000))} s`
    : `${Math.floor(ms / step.ms)} ${step.unit}`;
}
