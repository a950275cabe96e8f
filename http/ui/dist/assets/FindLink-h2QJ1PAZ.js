<<<<<<<< HEAD:http/ui/dist/assets/FindLink-BLL3ooD6.js
import{r as e}from"./i18n-BrJwzXjR.js";import{t}from"./jsx-runtime-DyZJNswf.js";var n=t();function r(){let t=e();return(0,n.jsx)(`a`,{className:`button`,href:`#/encontrar`,children:t.find.title})}export{r as t};
========
import{n as e}from"./i18n-B9n9VYv2.js";import{t}from"./jsx-runtime-DyZJNswf.js";var n=t();function r(){let t=e();return(0,n.jsx)(`a`,{className:`button`,href:`#/encontrar`,children:t.find.title})}export{r as t};
>>>>>>>> people:http/ui/dist/assets/FindLink-h2QJ1PAZ.js
