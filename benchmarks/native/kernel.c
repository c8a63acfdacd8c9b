/* The core twelve in one pass over the bytes of each text: what benchmarks/native holds against the NumPy path.
   Definitions: src/freshbits/outputs/features/core.py. */
#include <stdint.h>
#include <string.h>
static inline int white(uint8_t b){return b==32||(b>=9&&b<=13);}
static uint8_t WORD[256], CLEAN[256], FIRST[256];
void init(const uint8_t*w,const uint8_t*c,const uint8_t*f){memcpy(WORD,w,256);memcpy(CLEAN,c,256);memcpy(FIRST,f,256);}
void features(const uint8_t* data,const int64_t* off,int64_t rows,int32_t* out /*10 x rows*/,uint8_t* flag,uint8_t* tok){
  for(int64_t r=0;r<rows;r++){
    const uint8_t*p=data+off[r],*e=data+off[r+1]; int64_t n=e-p;
    int32_t cont=0,sp=0,nl=0,dg=0,q=0;
    for(int64_t i=0;i<n;i++){uint8_t b=p[i];cont+=((int8_t)b)<-64;sp+=b==32;nl+=b==10;dg+=(uint8_t)(b-48)<10;q+=b=='?';}
    /* sparse ones */
    int32_t fences=0,bold=0,first=0,bul=0,head=0;
    for(const uint8_t*s=p;(s=memchr(s,'`',e-s));){int k=0;while(s<e&&*s=='`'){k++;s++;}fences+=k>=3;if(s>=e)break;}
    for(const uint8_t*s=p;(s=memchr(s,'*',e-s));){int k=0;while(s<e&&*s=='*'){k++;s++;}bold+=k>=2;if(s>=e)break;}
    for(const uint8_t*s=p;(s=memchr(s,'I',e-s));s++){ first+=!((s>p&&WORD[s[-1]])||(s+1<e&&WORD[s[1]]));if(s+1>=e)break;}
    for(const uint8_t*s=p;s<=e;){ /* line start */
      const uint8_t*t=s;int k=0;while(t<e&&*t==' '&&k<7){t++;k++;}
      if(t+1<e&&(*t=='-'||*t=='*')&&t[1]==' ')bul++;
      t=s;k=0;while(t<e&&*t=='#'&&k<7){t++;k++;}
      if(k>=1&&k<=6&&t<e&&*t==' ')head++;
      s=memchr(s,'\n',e-s); if(!s)break; s++;
    }
    out[r]=n-cont;out[rows+r]=sp+1;out[2*rows+r]=nl+1;out[3*rows+r]=dg;out[4*rows+r]=fences;out[5*rows+r]=bul;out[6*rows+r]=bold;out[7*rows+r]=head;out[8*rows+r]=q;out[9*rows+r]=first;
    const uint8_t*l=e;int k=0;while(l>p&&white(l[-1])&&k<64){l--;k++;}
    uint8_t c=0; if(l>p){c=CLEAN[l[-1]]; if(l-p>=3){ c|=(l[-3]==0xE3&&l[-2]==0x80&&l[-1]==0x82)||(l[-3]==0xEF&&l[-2]==0xBC&&(l[-1]==0x81||l[-1]==0x9F));}}
    flag[r]=c;
    const uint8_t*f=p;k=0;while(f<e&&white(*f)&&k<64){f++;k++;}
    uint8_t tk=0; if(f<e){tk=FIRST[*f]; if((*f=='+'||*f=='-')&&f+1<e&&(uint8_t)(f[1]-48)<10)tk=3; if(f+2<e&&f[0]=='`'&&f[1]=='`'&&f[2]=='`')tk=5;}
    tok[r]=tk;
  }
}
