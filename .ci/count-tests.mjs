import { readFileSync } from 'node:fs';

// Prints `N passed, N failed` for vitest's JSON reports. A report that is missing, and a file that
// failed before its first test, count as one failure each: silence is not success.
let passed = 0;
let failed = 0;
for (const file of process.argv.slice(2)) {
  const report = read(file);
  if (report === undefined) {
    failed += 1;
    continue;
  }
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  for (const { status, assertionResults } of report.testResults) {
    const told = assertionResults.some((test) => test.status === 'failed');
    if (status === 'failed' && !told) failed += 1;
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(`no report: ${error.message}`);
    return undefined;
  }
}
