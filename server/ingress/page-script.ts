/** Asks for so long at a time; what the line says is not much older. */
const askSeconds = 20;

/**
 * The script of a page that waits: asks the gateway until what was asked for is ready, then loads it. It tells what it knows in
 * the page's live line, asks less often when it is not answered, not at all in a tab that nobody sees, and never reloads twice
 * within five seconds: a page that fails again and again does so slowly. What the app itself answers has no such script.
 */
export const pageScript = `
(()=>{
const line=document.getElementById('live'),base=line.textContent,opens=line.dataset.then==='open',known=line.dataset.code!=='ERR_ENV_UNKNOWN';
const words={offline:'Still offline. ',expired:'Still offline. ',reconnecting:'Its machine is reconnecting. ',degraded:'Its machine is connected, but the service accepts no connections yet. '};
const say=text=>{if(line.textContent!==text)line.textContent=text};
const sleep=ms=>new Promise(done=>setTimeout(done,ms));
const seen=()=>new Promise(done=>{
const look=()=>{if(document.hidden)return;document.removeEventListener('visibilitychange',look);done()};
document.addEventListener('visibilitychange',look);look()});
const open=async()=>{
const loaded=performance.getEntriesByType('navigation')[0];
if(loaded&&loaded.type==='reload')await sleep(Math.max(0,5000-performance.now()));
location.reload()};
const wait=async()=>{
for(let pause=1;;){
await seen();
const begun=performance.now();
let answer,told={};
try{
answer=await fetch('/_porthole/wait?state=ready&timeout=${String(askSeconds)}',{cache:'no-store',headers:{accept:'application/json'}});
told=await answer.json()
}catch{}
if(answer&&answer.ok){
say(opens?'It is ready: opening it.':'It is back. Go back and send your request again.');
document.body.classList.add('done');
return opens&&open()}
if(/^ERR_(ENV_UNKNOWN|LOGIN_REQUIRED)$/.test(told.code)&&known)return opens&&open();
if(!answer)say('The gateway cannot be reached at the moment. '+base);
else if(told.state in words)say(words[told.state]+base);
if(performance.now()-begun>2000){pause=1;await sleep(200+300*Math.random())}
else{
const asked=Math.min(60,Number(answer&&answer.headers.get('retry-after'))||0);
await sleep(1000*Math.max(asked,pause)*(.75+.5*Math.random()));
pause=Math.min(30,2*pause)}
}};
const seenAt=document.querySelector('time[data-ago]');
const ago=()=>{
const minutes=Math.floor((Number(seenAt.dataset.ago)+performance.now())/6e4);
seenAt.textContent=minutes<1?'just now':minutes<2?'a minute ago':minutes<120?minutes+' minutes ago':minutes<2880?Math.floor(minutes/60)+' hours ago':Math.floor(minutes/1440)+' days ago'};
if(seenAt)setInterval(ago,3e4);
wait()
})()
`.trim();
