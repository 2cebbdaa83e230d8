#!/usr/bin/env node
import { runProgram } from './program.ts';
import { processSurroundings } from './surroundings.ts';

// A stuck reader or a socket that lingers must not hold the process.
process.exit(await runProgram(process.argv.slice(2), processSurroundings()));
